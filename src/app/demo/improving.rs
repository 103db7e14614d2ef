//! What the county's PAQA sub-group sets out to improve: raised from the papers' exceptions, and reviewed with each paper.

use chrono::Months;

use super::Failure;
use crate::agencies::store::directory;
use crate::app::site::Site;
use crate::audit::Actor;
use crate::calendar::london;
use crate::reports::improving::{self, ActionId, Progress, Proposed, Review, ReviewId};
use crate::reports::{self, Month};

/// An action that is raised once a paper has an exception of its measure.
struct Planned {
    measure: &'static str,
    of_an_agency: bool,
    action: &'static str,
    input: &'static str,
    desired_outcome: &'static str,
    lead: &'static str,
    lead_email: &'static str,
    months: u32,
    /// After how many reviews it is done; 0 for one that is left until its day is over.
    done_after: usize,
}

/// Months whose papers are known when the first action is raised.
const MONTHS_BEFORE: usize = 8;

const PLANNED: [Planned; 3] = [
    Planned {
        measure: "M12",
        of_an_agency: false,
        action: "Invitations are booked on the day on which the strategy discussion ends, before the case note is written.",
        input: "Two afternoons of training for conference administrators; a check each Friday.",
        desired_outcome: "Nine of ten invitations have the minimum notice.",
        lead: "Head of conference administration",
        lead_email: "administration@county.example",
        months: 6,
        done_after: 3,
    },
    Planned {
        measure: "M2",
        of_an_agency: true,
        action: "A duty rota names who attends when the allocated practitioner cannot, with the report in hand.",
        input: "A named deputy in each team; half an hour of each team meeting.",
        desired_outcome: "Somebody of the agency is there when it is decided, three times of four.",
        lead: "Safeguarding lead of the agency",
        lead_email: "safeguarding.lead@agency.example",
        months: 3,
        done_after: 0,
    },
    Planned {
        measure: "M9",
        of_an_agency: false,
        action: "A chair who is about to end a plan asks first whether each core agency is there, and adjourns if its view is unknown.",
        input: "A card for each chair; discussed at the chairs' meeting.",
        desired_outcome: "No plan ends without the view of each core agency.",
        lead: "Principal chair",
        lead_email: "",
        months: 12,
        done_after: 12,
    },
];

const SAID: [(&str, Progress); 3] = [
    ("Agreed with those whom it concerns; the first month of it has begun.", Progress::OnTrack),
    ("Half of the teams work by it. The others were told what is asked of them.", Progress::AtRisk),
    ("All teams work by it by now.", Progress::OnTrack),
];

/// After a paper has been approved: reviews what is open, and raises what the paper gives reason for.
pub(super) async fn follow(site: &Site, actor: &Actor, month: Month) -> Result<(), Failure> {
    let (now, today) = (site.clock.now(), london::date(site.clock.now()));
    let standing = improving::all(site.db.read()).await?;
    for open in standing.iter().filter(|open| open.ended().is_none()) {
        let plan = PLANNED.iter().find(|plan| plan.measure == open.action.measure);
        let said = open.reviews.len();
        let is_left = plan.is_some_and(|plan| plan.done_after == 0 && said > 0);
        if is_left {
            continue;
        }
        let is_done = plan.is_some_and(|plan| plan.done_after == said + 1);
        let (words, progress) = SAID[said % SAID.len()];
        let (words, progress) = match is_done {
            true => ("It is how everybody works by now.", Progress::Done),
            false => (words, progress),
        };
        let review = Review { id: ReviewId::new(), progress, words: words.to_owned(), due: None };
        improving::review(&site.db, &site.keys, actor, open.action.id, review, now).await?;
    }
    let edition = reports::edition(site.making(), month).await?;
    // Of fewer months before nothing could be compared.
    if edition.snapshot.series.len() < MONTHS_BEFORE {
        return Ok(());
    }
    let directory = directory(site.db.read()).await?;
    for plan in PLANNED {
        let is_raised = standing.iter().any(|raised| raised.action.measure == plan.measure);
        // One about an agency follows from whom plans ended without most.
        let most = edition.snapshot.paper.plans_ended_without.iter().max_by_key(|(_, of)| of.children);
        let code = most.filter(|_| plan.of_an_agency).map(|(code, _)| code);
        let about = if plan.of_an_agency { "M9" } else { plan.measure };
        let of = edition.snapshot.exceptions.iter().find(|e| e.measure == about);
        let Some(exception) = of.filter(|_| !is_raised) else { continue };
        let agency = directory.agencies.values().find(|agency| code.is_some_and(|code| agency.code == *code));
        let objective = improving::goal(plan.measure, agency.map(|agency| agency.name.as_str()));
        let proposed = Proposed {
            id: ActionId::new(),
            agency: agency.map(|agency| agency.id),
            measure: plan.measure.to_owned(),
            raised_from: month,
            because: Some(exception.text.clone()),
            objective,
            action: plan.action.to_owned(),
            input: plan.input.to_owned(),
            desired_outcome: plan.desired_outcome.to_owned(),
            lead: plan.lead.to_owned(),
            lead_email: Some(plan.lead_email.to_owned()).filter(|address| !address.is_empty()),
            due: today + Months::new(plan.months),
        };
        improving::raise(&site.db, &site.keys, actor, proposed, now).await?;
    }
    Ok(())
}
