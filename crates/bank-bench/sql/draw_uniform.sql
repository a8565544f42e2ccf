\set payer random(1, :accounts)
\set receiver random(1, :accounts - 1)
\if :receiver >= :payer
\set receiver :receiver + 1
\endif
\set amount random(1, 100)
