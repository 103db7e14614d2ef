//! The county's chairs and its QA manager decide on what the ladder proposes, some days after.

use super::Failure;
use crate::access::Role;
use crate::app::site::Site;
use crate::audit::Actor;
use crate::calendar::london;
use crate::conferences::Sight;
use crate::feedback::Office;
use crate::feedback::steps::{DeclinedBecause, Spoke};
use crate::ladder;

/// Working days after which somebody has decided.
const DECIDED_AFTER: u32 = 3;

/// Decides on the steps that have waited long enough: most go, some do not.
pub(super) async fn decide(site: &Site) -> Result<(), Failure> {
    let (now, policies) = (site.clock.now(), &site.rules.policies);
    let office = Office {
        db: &site.db,
        keys: &site.keys,
        letterhead: &site.letterhead,
        policies,
        settings: &site.rules.feedback,
    };
    let actor = Actor { name: "Morgan Reed".to_owned(), role: Role::QaManager.code(), account: None };
    for step in ladder::to_telephone(site.db.read()).await? {
        ladder::telephoned(office, &actor, Sight::Everything, step.id, Some(Spoke::Manager), now).await?;
    }
    for (n, step) in ladder::proposed(site.db.read()).await?.into_iter().enumerate() {
        let waited = policies.calendar.working_days(london::date(step.proposed_at), london::date(now));
        if waited < DECIDED_AFTER {
            continue;
        }
        let all = Sight::Everything;
        if n % 4 == 3 {
            let because = DeclinedBecause::ALL[n / 4 % DeclinedBecause::ALL.len()];
            ladder::decline(office, &actor, all, step.id, because, now).await?;
        } else {
            ladder::approve(office, &site.ladders, &actor, all, step.id, now).await?;
        }
    }
    Ok(())
}
