alter table account drop constraint account_role_check;

alter table account add constraint account_role_check
  check (role in ('administrator', 'chair', 'qa_manager', 'paqa_member', 'system_administrator', 'auditor'));
