-- The auth rules of the SBC, one row for each number. Only the SBC writes here.
-- With write-ahead logging a backup may read while the SBC writes. The setting is stored in the file.
pragma journal_mode = wal;
create table if not exists sbc_rule (
  number varchar(16) primary key,
  account varchar(32) not null,
  state varchar(10) not null check (state in ('allowed', 'suspended')),
  trunk varchar(32) not null,
  rev integer not null
);
create index if not exists sbc_rule_account on sbc_rule (account, number);

-- Deletions, so that an older rule that arrives late stays deleted: a rule of a number in this table needs a higher
-- revision. A row here deletes the rules up to its revision.
create table if not exists sbc_deleted_rule (
  number varchar(16) primary key,
  rev integer not null
);
create trigger if not exists sbc_rule_deleted after insert on sbc_deleted_rule begin
  delete from sbc_rule where number = new.number and rev <= new.rev;
end;
create trigger if not exists sbc_rule_deleted_again after update on sbc_deleted_rule begin
  delete from sbc_rule where number = new.number and rev <= new.rev;
end;
