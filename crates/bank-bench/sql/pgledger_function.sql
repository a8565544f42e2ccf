SELECT post_transfer('account_' || :payer, 'account_' || :receiver, :amount);
