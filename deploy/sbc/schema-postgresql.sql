-- The auth rules of the SBC, one row per number. Only the SBC writes here.
create table if not exists sbc_rule (
  number varchar(16) collate "C" primary key,
  account varchar(32) not null,
  state varchar(10) not null check (state in ('allowed', 'suspended')),
  trunk varchar(32) not null,
  rev integer not null
);
create index if not exists sbc_rule_account on sbc_rule (account, number);
