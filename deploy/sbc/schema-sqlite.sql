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

-- What was deleted, so that a rule that was written before and arrives late stays deleted: of a number that stands here
-- a rule needs a higher revision. Rules that a deletion covers go with it.
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
