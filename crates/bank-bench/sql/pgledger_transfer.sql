SELECT post_transfer(:payer, :receiver, :amount);
