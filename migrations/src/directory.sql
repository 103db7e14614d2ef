alter table service add column merged_into_id {uuid} references service (id);
