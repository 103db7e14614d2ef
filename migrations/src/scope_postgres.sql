alter table account drop constraint account_role_check;

alter table account add constraint account_role_check
  check (role in ('administrator', 'chair', 'qa_manager', 'paqa_member', 'agency_lead', 'system_administrator', 'auditor'));

alter table feedback drop constraint feedback_state_check;

alter table feedback add constraint feedback_state_check
  check (state in ('posted', 'to_telephone', 'telephoned', 'overtaken', 'withheld'));

alter table outbox drop constraint outbox_about_id_fkey;

alter table outbox add column is_notice {flag} not null default false;

alter table feedback add column released_by text;
