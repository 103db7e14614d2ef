-- When somebody approved it. decided_at moves on when somebody rings, for its clock runs from then.
alter table ladder_step add column approved_at {time};
update ladder_step set approved_at = decided_at where state <> 'declined';
