alter table outbox drop constraint outbox_about_id_recipient_key;

alter table outbox add unique (about_id, recipient, kind);
