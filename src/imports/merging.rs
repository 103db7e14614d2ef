//! A known conference while a file's facts are merged into it, fact by fact.

use std::collections::HashMap;

use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};

use super::log::LogConference;
use super::outcome::{Change, Conflict, Outcome};
use super::records::{Pending, Run};
use crate::conferences::entity::child;
use crate::conferences::{ChairId, ChildId, Status};
use crate::convening;
use crate::invitations::InvitationId;
use crate::invitations::entity::invitation;
use crate::register::entity::amendment;
use crate::register::merge::{self, Difference, Verdict, contradicts, keep_all_if, merge, next_base};
use crate::register::store::Record;
use crate::register::{self, AmendmentId, Source, Standing, standing};

/// One known conference while the file's facts are merged into it.
pub(super) struct Merging<'a, 'b> {
    pub run: &'a Run<'b>,
    /// Chairs by name: facts hold their ids, and people read their names.
    pub chairs: &'a HashMap<String, ChairId>,
    pub ours: &'a mut Record,
    pub pending: &'a mut Pending,
    pub out: &'a mut Outcome,
}

impl Merging<'_, '_> {
    fn confirmed(&self) -> bool {
        self.ours.register.is_some()
    }

    pub async fn conference(&mut self, fresh: &Record) -> Result<(), DbErr> {
        let confirmed = self.confirmed();
        // Whom we invited must be told of a move or a cancellation, and answered to this date: both are done here.
        let written = convening::has_written(self.run.tx, self.ours.conference.id).await?;
        let open = self.ours.conference.status == Status::Scheduled;
        // A confirmed register is not unmade by a file.
        let frozen = |field: &str, file: &str| {
            let moves =
                matches!(field, "conference_date" | "start_time") || field == "status" && file == "cancelled";
            if written && open && moves {
                return true;
            }
            confirmed
                && (field == "decision_time" && file.is_empty()
                    || field == "status" && !matches!(file, "held" | "adjourned"))
        };
        let base = self.ours.conference.from_file.clone();
        let before = self.ours.conference.clone();
        let differences =
            merge(merge::CONFERENCE, &mut self.ours.conference, &fresh.conference, base.as_deref(), frozen);
        let contradicts = merge::conference_contradicts(&self.ours.conference);
        let differences = keep_all_if(contradicts, differences, &mut self.ours.conference, before);
        self.report("conference", None, None, &differences);
        let (ours, theirs) = (&self.ours.conference, &fresh.conference);
        let text = Some(next_base(merge::CONFERENCE, ours, theirs, base.as_deref()));
        if base != text || differences.iter().any(|d| d.verdict == Verdict::Taken) {
            self.ours.conference.from_file = text;
            self.ours.conference.clone().into_active_model().reset_all().update(self.run.tx.conn()).await?;
        }
        Ok(())
    }

    pub async fn children(&mut self, fresh: &Record) -> Result<(), DbErr> {
        for (n, theirs) in fresh.children.iter().enumerate() {
            let whose = format!("child {}", n + 1);
            let place = self.ours.children.iter().position(|c| c.child_key == theirs.child_key);
            let Some(place) = place else {
                let row = child::Model { conference_id: self.ours.conference.id, ..theirs.clone() };
                child::Entity::insert(row.clone().into_active_model())
                    .exec_without_returning(self.run.tx.conn())
                    .await?;
                self.added(&whose, None, Some(row.id), "child");
                self.ours.children.push(row);
                continue;
            };
            let confirmed = self.confirmed();
            let frozen = |_: &str, file: &str| confirmed && file.is_empty();
            let base = self.ours.children[place].decision_from_file.clone();
            let differences =
                merge(merge::CHILD, &mut self.ours.children[place], theirs, base.as_deref(), frozen);
            let id = self.ours.children[place].id;
            self.report(&whose, None, Some(id), &differences);
            let text = Some(next_base(merge::CHILD, &self.ours.children[place], theirs, base.as_deref()));
            if base != text || differences.iter().any(|d| d.verdict == Verdict::Taken) {
                self.ours.children[place].decision_from_file = text;
                let row = self.ours.children[place].clone();
                row.into_active_model().reset_all().update(self.run.tx.conn()).await?;
            }
        }
        let gone = self
            .ours
            .children
            .iter()
            .filter(|c| fresh.children.iter().all(|f| f.child_key != c.child_key))
            .count();
        if gone > 0 {
            let name = &self.ours.conference.conference_ref;
            self.out
                .vanished
                .push(format!("{name}: {gone} child(ren) of this conference are not in the file; kept."));
        }
        Ok(())
    }

    pub async fn invitations(&mut self, log: &LogConference, fresh: &Record) -> Result<(), DbErr> {
        let conn = self.run.tx.conn();
        let same = |a: &invitation::Model, b: &invitation::Model| {
            a.service_id == b.service_id && a.role.to_lowercase() == b.role.to_lowercase()
        };
        for (theirs, of) in fresh.invitations.iter().zip(&log.invitations) {
            let whose = format!("{}, {}", of.service, of.role);
            let confirmed = self.confirmed();
            let Some(place) = self.ours.invitations.iter().position(|i| same(i, theirs)) else {
                let unrecorded = standing(&theirs.facts(), log.decision_at) == Standing::Unrecorded;
                if confirmed && unrecorded {
                    let file = "added, attendance not recorded".to_owned();
                    self.conflict(&whose, "invitation", "not invited".to_owned(), file);
                    self.out.invitations.unchanged += 1;
                    continue;
                }
                let row = invitation::Model { conference_id: self.ours.conference.id, ..theirs.clone() };
                invitation::Entity::insert(row.clone().into_active_model())
                    .exec_without_returning(conn)
                    .await?;
                self.added(&whose, Some(row.id), None, "invitation");
                self.ours.invitations.push(row);
                self.out.invitations.new += 1;
                continue;
            };
            let must_stand = confirmed && self.ours.invitations[place].facts().is_in_direct_contact();
            let frozen = |field: &str, file: &str| must_stand && field == "attendance" && file.is_empty();
            let before = self.ours.invitations[place].clone();
            let mut row = before.clone();
            let differences = merge(merge::INVITATION, &mut row, theirs, before.from_file.as_deref(), frozen);
            let contradicts =
                contradicts(&row) || confirmed && standing(&row.facts(), None) == Standing::Unrecorded;
            let differences = keep_all_if(contradicts, differences, &mut row, before);
            self.report(&whose, Some(row.id), None, &differences);
            let taken = differences.iter().any(|d| d.verdict == Verdict::Taken);
            let text = Some(next_base(merge::INVITATION, &row, theirs, row.from_file.as_deref()));
            if taken || row.from_file != text {
                row.from_file = text;
                row.clone().into_active_model().reset_all().update(conn).await?;
            }
            self.ours.invitations[place] = row;
            if taken {
                self.out.invitations.changed += 1;
            } else {
                self.out.invitations.unchanged += 1;
            }
        }
        let gone = self.ours.invitations.iter().filter(|i| i.from_file.is_some());
        let gone = gone.filter(|i| fresh.invitations.iter().all(|f| !same(i, f))).count();
        if gone > 0 {
            let name = &self.ours.conference.conference_ref;
            self.out
                .vanished
                .push(format!("{name}: {gone} invitation(s) known here are not in the file; kept."));
        }
        Ok(())
    }

    fn conflict(&mut self, whose: &str, field: &str, here: String, file: String) {
        let conference = self.ours.conference.conference_ref.clone();
        self.out.conflicts.push(Conflict {
            conference,
            whose: whose.into(),
            field: field.into(),
            here,
            file,
        });
    }

    fn added(
        &mut self,
        whose: &str,
        invitation: Option<InvitationId>,
        child: Option<ChildId>,
        what: &'static str,
    ) {
        let added = Difference {
            field: what,
            here: String::new(),
            proposed: "added".to_owned(),
            as_before: false,
            verdict: Verdict::Taken,
        };
        self.report(whose, invitation, child, &[added]);
    }

    /// Lists what was taken and what was kept; on a confirmed register each taken fact is an amendment.
    fn report(
        &mut self,
        whose: &str,
        invitation_id: Option<InvitationId>,
        child_id: Option<ChildId>,
        differences: &[Difference],
    ) {
        let amends = self.confirmed();
        let named = |d: &Difference| -> Difference {
            let name = |id: &str| {
                self.chairs.iter().find(|(_, c)| c.to_string() == id).map(|(name, _)| name.clone())
            };
            let of =
                |text: &str| name(text).filter(|_| d.field == "chair").unwrap_or_else(|| text.to_owned());
            Difference { here: of(&d.here), proposed: of(&d.proposed), ..d.clone() }
        };
        let differences: Vec<Difference> = differences.iter().map(named).collect();
        for d in &differences {
            if d.verdict == Verdict::Kept {
                self.conflict(whose, d.field, d.here.clone(), d.proposed.clone());
                continue;
            }
            self.out.changes.push(Change {
                what: self.ours.conference.conference_ref.clone(),
                whose: whose.to_owned(),
                field: d.field.to_owned(),
                before: d.here.clone(),
                after: d.proposed.clone(),
                amendment: amends,
            });
            if amends {
                let seal = |text: &str| self.run.keys.seal(register::sealed::AMENDMENT, text);
                self.pending.amendments.push(amendment::Model {
                    id: AmendmentId::new(),
                    conference_id: self.ours.conference.id,
                    invitation_id,
                    child_id,
                    field: d.field.to_owned(),
                    before: Some(seal(&d.here)),
                    after: Some(seal(&d.proposed)),
                    why: seal(&format!("Import of {}", self.run.file)),
                    source: Source::File,
                    by_name: self.run.file.to_owned(),
                    at: self.run.now,
                });
            }
        }
    }
}
