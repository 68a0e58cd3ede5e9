-- The auth rules of the SBC, one row per number. Only the SBC writes here.
-- With write-ahead logging a backup may read while the SBC writes; the setting stays with the file.
pragma journal_mode = wal;
create table if not exists sbc_rule (
  number varchar(16) primary key,
  account varchar(32) not null,
  state varchar(10) not null check (state in ('allowed', 'suspended')),
  trunk varchar(32) not null,
  rev integer not null
);
create index if not exists sbc_rule_account on sbc_rule (account, number);
