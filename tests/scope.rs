//! Whose records somebody sees: their agency's, their colleague's while they cover.

use crate::access::fields;
use crate::both;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

both! {
    async fn an_agencys_account_sees_its_own_services_and_nobody_elses(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let site = place.site(LATER).await;
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        assert_eq!(lead.get("/").await.location.as_deref(), Some("/agency"));
        assert!(lead.get("/agency").await.body.contains("No service has been granted"));
        let email = "agency_lead@quorate.example";
        let wrong = place.run(&["account", "grant", email, "--agency", "OH", "--service", "Nobody"]);
        assert!(wrong.code == 1 && wrong.err.contains("has no service Nobody"), "{}", wrong.err);
        place.done_at(LATER, &["account", "grant", email, "--agency", "OH", "--service", "health visiting north"]);
        let page = lead.get("/agency?month=2026-09").await.body;
        assert!(page.contains("Health Visiting North") && page.contains("1 of 1") && page.contains("attended"), "{page}");
        for other in ["Marston", "Family Safeguarding", "Child Abuse Investigation", "L1042", "C-1"] {
            assert!(!page.contains(other), "{other}");
        }
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let accounts = keeper.get("/accounts").await.body;
        let scope = regex::Regex::new("/accounts/[0-9a-f-]+/scope").unwrap().find(&accounts).unwrap().as_str().to_owned();
        let typed = keeper.post(&scope, &fields(&[("what", "Police")])).await;
        assert!(typed.status == 422 && typed.body.contains("Choose a service or an agency from the list"), "{}", typed.body);
        assert_eq!(keeper.post(&scope, &fields(&[("what", "Police: the whole agency")])).await.status, 303);
        assert!(lead.get("/agency?month=2026-09").await.body.contains("2 of 2"));
        let back = fields(&[("what", "Community Health: Health Visiting North")]);
        assert_eq!(keeper.post(&format!("{scope}/end"), &back).await.status, 303);
        let page = lead.get("/agency?month=2026-09").await.body;
        assert!(page.contains("Child Abuse Investigation") && !page.contains("Health Visiting"), "{page}");
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&qa.get("/?day=2026-09-30").await.body).unwrap().as_str().to_owned();
        let page = qa.get(&format!("{at}/restrict")).await.body;
        let own = regex::Regex::new("value=\"([0-9a-f-]{36})\" checked").unwrap().captures(&page).unwrap()[1].to_owned();
        assert_eq!(qa.post(&format!("{at}/restrict"), &fields(&[("account", &own)])).await.status, 303);
        assert!(lead.get("/agency?month=2026-09").await.body.contains("invited to no conference"), "a restricted one is in no agency's list");
    }

    async fn cover_lets_a_chair_confirm_a_colleagues_register_on_those_days_alone(place: Place) {
        let rows: Vec<_> = conference("C-1").into_iter().map(|row| row.with("chair", "Chair 2")).collect();
        place.import(EVENING, &conference("C-0"));
        place.import(EVENING, &rows);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let page = administrator.get("/?day=2026-09-30").await.body;
        let addresses = regex::Regex::new("(/conferences/[0-9a-f-]{36})\".*?(C-[01]),").unwrap();
        let page = page.replace('\n', "");
        let theirs = addresses.captures_iter(&page).find(|c| &c[2] == "C-1");
        let theirs = theirs.map(|c| c[1].to_owned()).unwrap_or_else(|| panic!("{page}"));
        assert_eq!(chair.get(&theirs).await.status, 404);
        let form = administrator.get("/cover").await.body;
        let of = |label: &str| regex::Regex::new(&format!("<option value=\"([^\"]*)\"[^>]*>{label}<")).unwrap().captures(&form).unwrap()[1].to_owned();
        let cover = |from: &str, until: &str| fields(&[("account", &of("chair")), ("chair", &of("Chair 2")), ("from", from), ("until", until)]);
        let wrong = administrator.post("/cover", &cover("30/09/2026", "29/09/2026")).await;
        assert!(wrong.status == 422 && wrong.body.contains("not before the first"), "{}", wrong.body);
        assert_eq!(administrator.post("/cover", &cover("01/10/2026", "02/10/2026")).await.status, 303);
        assert_eq!(chair.get(&theirs).await.status, 404, "not yet");
        let site = place.site("2026-10-02T09:00:00Z").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        assert_eq!(chair.get(&theirs).await.status, 200);
        assert!(chair.get("/?day=2026-09-30").await.body.contains("C-1"));
        let site = place.site("2026-10-03T09:00:00Z").await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        assert_eq!(chair.get(&theirs).await.status, 404, "over");
    }
}

both! {
    async fn an_agencys_account_answers_its_own_letters_and_confirms_its_own_contacts_and_nobody_elses(place: Place) {
        let mut rows = conference("C-1");
        (rows[2], rows[3]) = (rows[2].clone().absent(), rows[3].clone().absent());
        place.import(EVENING, &rows);
        crate::feedback::make_and_send(&place);
        let site = place.site("2026-10-01T09:00:00Z").await;
        let mut lead = Person::with_role(&place, &site, "agency_lead").await;
        place.done_at(LATER, &["account", "grant", "agency_lead@quorate.example", "--agency", "OH", "--service", "health visiting north"]);
        let page = lead.get("/agency").await.body;
        for text in ["Letters that wait for your answer", "Health Visiting North, Health visitor", "Please answer by Wednesday 7 October 2026", "hv-north@oh.nhs.example", "data:image/svg+xml"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("Child Abuse Investigation") && !page.contains("lead@oh.nhs.example"), "{page}");
        let answer = regex::Regex::new("/agency/answer/[0-9a-f-]{36}").unwrap();
        assert_eq!(answer.find_iter(&page).count(), 1);
        let answer = answer.find(&page).unwrap().as_str().to_owned();
        let link = lead.post(&answer, &[]).await.location.unwrap();
        assert!(link.starts_with("/reply/"));
        assert_eq!(crate::replies::say(&mut lead, &link, &[("say", "acknowledged")]).await.status, 303);
        assert!(lead.get("/agency").await.body.contains("No letter of the last 60 days waits for your answer"));
        let contact = regex::Regex::new("/agency/contacts/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        assert_eq!(lead.post(&contact, &[]).await.status, 303);
        assert!(lead.get("/agency").await.body.contains("Checked on Thursday 1 October 2026"));
        // Another agency's account opens neither.
        let mut other = Person::called(&place, &site, "other", "agency_lead").await;
        place.done_at(LATER, &["account", "grant", "other@quorate.example", "--agency", "TVP"]);
        for path in [&answer, &contact] {
            assert_eq!(other.post(path, &[]).await.status, 404, "{path}");
        }
        let theirs = other.get("/agency").await.body;
        assert!(theirs.contains("Child Abuse Investigation") && !theirs.contains("Health Visiting"), "{theirs}");
    }
}
