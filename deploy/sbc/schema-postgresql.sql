-- The auth rules of the SBC, one row for each number. Only the SBC writes here.
create table if not exists sbc_rule (
  number varchar(16) collate "C" primary key,
  account varchar(32) not null,
  state varchar(10) not null check (state in ('allowed', 'suspended')),
  trunk varchar(32) not null,
  rev integer not null
);
create index if not exists sbc_rule_account on sbc_rule (account, number);

-- Deletions, so that an older rule that arrives late stays deleted: a rule of a number in this table needs a higher
-- revision. A row here deletes the rules up to its revision.
create table if not exists sbc_deleted_rule (
  number varchar(16) collate "C" primary key,
  rev integer not null
);
create or replace function sbc_delete_rule() returns trigger language plpgsql as $$
begin
  delete from sbc_rule where number = new.number and rev <= new.rev;
  return new;
end
$$;
drop trigger if exists sbc_rule_deleted on sbc_deleted_rule;
create trigger sbc_rule_deleted after insert or update on sbc_deleted_rule
  for each row execute function sbc_delete_rule();
