//! The messages that `classify` must recognise, as a PostgreSQL server writes them in other languages.
//!
//! From the message catalogues of PostgreSQL 15: German, Spanish, French, Italian, Japanese, Georgian, Korean, Russian,
//! Swedish, Ukrainian and Chinese. Diesel does not pass on the SQLSTATE of these errors. A language that is missing here
//! costs no money: a lock timeout then ends the operation instead of being retried, and nothing was changed.

/// `deadlock detected` (40P01).
pub(super) const DEADLOCK: [&str; 11] = [
    "Verklemmung (Deadlock) entdeckt",
    "se ha detectado un deadlock",
    "interblocage (deadlock) détecté",
    "rilevato deadlock",
    "デッドロックを検出しました",
    "ნაპოვნია ურთიერთბლოკირება",
    "deadlock 발생했음",
    "обнаружена взаимоблокировка",
    "deadlock upptäckt",
    "виявлено взаємне блокування",
    "检测到死锁",
];

/// `canceling statement due to lock timeout` (55P03).
pub(super) const LOCK_TIMEOUT: [&str; 11] = [
    "storniere Anfrage wegen Zeitüberschreitung einer Sperre",
    "cancelando la sentencia debido a que se agotó el tiempo de espera de candados (locks)",
    "annulation de la requête à cause du délai écoulé pour l'obtention des verrous",
    "annullamento dell'istruzione a causa di timeout di lock",
    "ロックのタイムアウトのためステートメントをキャンセルしています",
    "გამოსახულება გაუქმდება ბლოკის მოლოდინის ვადის ამოწურვის გამო",
    "잠금 대기 시간 초과로 작업을 취소합니다.",
    "выполнение оператора отменено из-за тайм-аута блокировки",
    "avbryter sats på grund av lås-timeout",
    "виконання оператора скасовано через тайм-аут блокування",
    "由于锁超时，取消语句操作",
];

/// `current transaction is aborted, commands ignored until end of transaction block` (25P02).
pub(super) const ABORTED: [&str; 10] = [
    "aktuelle Transaktion wurde abgebrochen, Befehle werden bis zum Ende der Transaktion ignoriert",
    "transacción abortada, las órdenes serán ignoradas hasta el fin de bloque de transacción",
    "la transaction est annulée, les commandes sont ignorées jusqu'à la fin du bloc\nde la transaction",
    "la transazione corrente è interrotta, i comandi saranno ignorati fino alla fine del blocco della transazione",
    "現在のトランザクションがアボートしました。トランザクションブロックが終わるまでコマンドは無視されます",
    "현재 트랜잭션은 중지되어 있습니다. 이 트랜잭션을 종료하기 전까지는 모든 명령이 무시될 것입니다",
    "текущая транзакция прервана, команды до конца блока транзакции игнорируются",
    "aktuella transaktionen har avbrutits, alla kommandon ignoreras tills slutet på transaktionen",
    "поточна транзакція перервана, команди до кінця блока транзакції пропускаються",
    "当前事务被终止, 事务块结束之前的查询被忽略",
];
