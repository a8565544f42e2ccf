\set payer 1
\set receiver random(2, :accounts)
\if random(0, 1) = 1
\set payer :receiver
\set receiver 1
\endif
\set amount random(1, 100)
