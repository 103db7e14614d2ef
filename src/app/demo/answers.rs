//! The county's agencies answer their letters by the links in them, and a QA manager settles what they dispute.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::Failure;
use crate::access::Role;
use crate::app::site::Site;
use crate::audit::Actor;
use crate::calendar::london;
use crate::demo;
use crate::feedback::entity::feedback as item;
use crate::feedback::{self, Office, Wording};
use crate::mail::read;
use crate::outbox;
use crate::register::amend::Amendment;
use crate::replies::remedy::remedied;
use crate::replies::settling::{Verdict, settle, waits, why};
use crate::replies::{self, Reply};

/// Days back from which letters are answered: links of older ones open nothing any more anyway.
const ANSWERED: u64 = 100;
/// Working days after which a dispute is settled.
const SETTLED_AFTER: u32 = 4;

/// What is still to be answered.
pub(super) struct Answers {
    dice: ChaCha8Rng,
    since: NaiveDate,
    /// By the day on which the reply comes: the link, and what is said.
    due: BTreeMap<NaiveDate, Vec<(String, Reply)>>,
}

impl Answers {
    pub(super) fn new(seed: u64, today: NaiveDate) -> Self {
        Self {
            dice: ChaCha8Rng::seed_from_u64(seed),
            since: today - Days::new(ANSWERED),
            due: BTreeMap::new(),
        }
    }

    /// Reads the letters that were made at this moment, as those who get them do.
    pub(super) async fn letters_came(&mut self, site: &Site) -> Result<(), Failure> {
        let (now, db) = (site.clock.now(), site.db.read());
        if london::date(now) < self.since {
            return Ok(());
        }
        let made = item::Entity::find().filter(item::Column::MadeAt.eq(now)).order_by_asc(item::Column::Id);
        for item in made.all(db).await? {
            let asks = item.wording.parse::<Wording>().is_ok_and(Wording::asks_for_a_reply);
            let Some((days, reply)) = demo::reply(&mut self.dice).filter(|_| asks) else { continue };
            let sent = outbox::about(db, vec![item.id.0]).await?.into_iter().find(|m| m.sent_at.is_some());
            let Some(sent) = sent else { continue };
            let message = outbox::by_id(db, sent.id).await?.and_then(|m| read(&m.message));
            let Some(token) = message.as_ref().and_then(|m| token(&m.text)) else { continue };
            let day = site.rules.policies.calendar.add_working_days(london::date(now), days + 1);
            self.due.entry(day).or_default().push((token, reply));
        }
        Ok(())
    }

    /// What is said until this day reaches us, and disputes are settled.
    pub(super) async fn until(&mut self, site: &Site, day: NaiveDate) -> Result<(), Failure> {
        let office = Office {
            db: &site.db,
            keys: &site.keys,
            letterhead: &site.letterhead,
            policies: &site.rules.policies,
            settings: &site.rules.feedback,
        };
        let now = site.clock.now();
        let later = self.due.split_off(&(day + Days::new(1)));
        for (token, reply) in std::mem::replace(&mut self.due, later).into_values().flatten() {
            replies::reply(office, &token, now, &reply).await?;
        }
        self.settle(office, now).await
    }

    async fn settle(&mut self, office: Office<'_>, now: DateTime<Utc>) -> Result<(), Failure> {
        let actor = Actor { name: "Morgan Reed".to_owned(), role: Role::QaManager.code(), account: None };
        for dispute in replies::store::open(office.db.read()).await?.into_iter().filter(waits) {
            let waited =
                office.policies.calendar.working_days(london::date(dispute.made_at), london::date(now));
            let Some(ground) = dispute.ground.filter(|_| waited >= SETTLED_AFTER) else { continue };
            let tx = office.db.begin("settle a dispute").await?;
            let (policies, settings) = (office.policies, office.settings);
            let found = feedback::evidence(tx.conn(), policies, settings, dispute.feedback_id, now).await?;
            let Some(found) = found else { continue };
            let date = found.record.conference.conference_date;
            let (verdict, answer) = match demo::settled(&mut self.dice, ground, date) {
                Ok(given) => {
                    match remedied(ground, given, found.row(), (found.record.conference.kind, date), policies)
                    {
                        Ok(row) => (Verdict::Upheld(Box::new(row)), ""),
                        Err(_) => (Verdict::NotUpheld, demo::STANDS),
                    }
                }
                Err(answer) => (Verdict::NotUpheld, answer),
            };
            let reason = why(&dispute, answer);
            let amendment = Amendment { keys: office.keys, actor: &actor, why: &reason, now };
            if settle(&tx, office, amendment, dispute, found, verdict, answer).await?.is_ok() {
                tx.commit().await?;
            }
        }
        Ok(())
    }
}

/// The token in the link of a letter.
fn token(text: &str) -> Option<String> {
    let after = text.split("/reply/").nth(1)?;
    Some(after.chars().take_while(char::is_ascii_hexdigit).collect())
}
