//! Accounts, signing in, sessions, limits.

use crate::both;
use crate::harness::Place;
use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

both! {
    async fn five_wrong_passwords_lock_an_account_for_fifteen_minutes(place: Place) {
        let site = place.site(LATER).await;
        Person::with_role(&place, &site, "qa_manager").await;
        let mut person = Person::anonymous(&site);
        for _ in 0..5 {
            let seen = person.sign_in("qa_manager@quorate.example", "a wrong password").await;
            assert!(seen.body.contains("The email address or the password is not right."), "{}", seen.body);
        }
        let seen = person.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.status, 422, "locked, and told no more than anybody");
        let later = place.site("2026-09-30T16:25:00Z").await;
        let mut person = Person::anonymous(&later);
        let seen = person.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.status, 303);
    }

    async fn a_stranger_who_guesses_locks_out_strangers_and_not_the_owner_at_a_known_device(place: Place) {
        let site = place.site(LATER).await;
        let mut owner = Person::with_role(&place, &site, "qa_manager").await;
        owner.post("/sign-out", &[]).await;
        let mut stranger = Person::anonymous(&site);
        for _ in 0..5 {
            stranger.sign_in("qa_manager@quorate.example", "a wrong password").await;
        }
        let right = |person: &str| (format!("{person}@quorate.example"), "a long enough password");
        let (email, password) = right("qa_manager");
        assert_eq!(stranger.sign_in(&email, password).await.status, 422, "locked for strangers");
        assert_eq!(owner.sign_in(&email, password).await.status, 303, "and not here");
        owner.post("/sign-out", &[]).await;
        for _ in 0..5 {
            owner.sign_in(&email, "a wrong password").await;
        }
        assert_eq!(owner.sign_in(&email, password).await.status, 422, "a known device is locked by its own guesses");
        place.done_at(LATER, &["account", "reset", &email]);
        let mut thief = Person::anonymous(&site);
        assert_eq!(thief.sign_in(&email, password).await.status, 422);
    }

    async fn who_asks_for_too_much_is_told_when_to_come_back(place: Place) {
        place.account("qa_manager", "a long enough password");
        let limits = [("server.requests_per_minute", "40"), ("access.attempts_per_minute", "3")];
        let site = place.site_with(LATER, &limits).await;
        let mut person = Person::anonymous(&site);
        let from = |address: &str| {
            axum::http::Request::post("/sign-in")
                .header("x-forwarded-for", address)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(axum::body::Body::from("email=nobody%40quorate.example&password=guess"))
                .unwrap()
        };
        for _ in 0..3 {
            assert_eq!(person.send(from("198.51.100.7")).await.status, 422);
        }
        let seen = person.send(from("198.51.100.7")).await;
        assert_eq!(seen.status, 429);
        let wait: u64 = seen.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        assert!(seen.body.contains("Try again in"), "{}", seen.body);
        assert_eq!(person.send(from("198.51.100.8")).await.status, 422, "another address is another client");
        assert_eq!(person.get("/sign-in").await.status, 200, "looking is not guessing");
        let mut last = 0;
        for _ in 0..40 {
            last = person.get("/sign-in").await.status.as_u16();
        }
        assert_eq!(last, 429);
        let site = place.site_with(LATER, &[("server.account_requests_per_minute", "5")]).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        for _ in 0..5 {
            assert_eq!(qa.get("/reports/2026-09").await.status, 200);
        }
        assert_eq!(qa.get("/reports/2026-09").await.status, 429);
    }

    async fn a_disabled_account_is_out_at_once_and_a_reset_one_needs_its_new_password(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
        place.done_at(LATER, &["account", "disable", "qa_manager@quorate.example"]);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
        assert_eq!(qa.sign_in("qa_manager@quorate.example", "a long enough password").await.status, 422);
        let said = place.done_at(LATER, &["account", "reset", "qa_manager@quorate.example"]);
        let path = said[said.find("/welcome/").unwrap()..].lines().next().unwrap().to_owned();
        let chosen = [("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")];
        let chosen: Vec<_> = chosen.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(qa.post(&path, &chosen).await.location.as_deref(), Some("/sign-in?welcome=yes"));
        assert_eq!(qa.sign_in("qa_manager@quorate.example", "a long enough password").await.status, 422);
        assert_eq!(qa.sign_in("qa_manager@quorate.example", "heron lantern biscuit").await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
    }

    async fn a_session_ends_after_its_hours(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let after = place.site("2026-10-01T04:06:00Z").await;
        let cookie = qa.get("/reports/2026-09").await;
        assert_eq!(cookie.status, 200);
        qa.moved_to(&after);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
    }

    async fn a_session_ends_when_it_is_not_used_and_sooner_for_who_keeps_the_machine(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let half_an_hour_on = place.site("2026-09-30T16:35:00Z").await;
        for person in [&mut qa, &mut keeper] {
            person.moved_to(&half_an_hour_on);
        }
        assert_eq!(keeper.get("/schedule").await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200, "and so it is used");
        for (later, status) in [("2026-09-30T18:34:00Z", 200), ("2026-09-30T20:34:30Z", 303)] {
            qa.moved_to(&place.site(later).await);
            assert_eq!(qa.get("/reports/2026-09").await.status, status, "{later}");
        }
    }

    async fn signing_in_gives_a_new_session_and_ends_the_one_that_the_browser_had(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut planted = qa.twin(&site);
        qa.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(qa.get("/reports/2026-09").await.status, 200);
        assert_eq!(planted.get("/reports/2026-09").await.status, 303);
    }

    async fn a_form_from_another_site_is_refused(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let request = axum::http::Request::post("/sign-out").header("sec-fetch-site", "cross-site");
        let seen = qa.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(seen.status, 403);
        assert_eq!(qa.get("/reports/2026-09").await.status, 200, "still signed in");
        assert_eq!(qa.post("/sign-out", &[]).await.status, 303);
        assert_eq!(qa.get("/reports/2026-09").await.status, 303);
    }

    async fn signing_in_leads_only_to_this_site(place: Place) {
        let site = place.site(LATER).await;
        let mut person = Person::with_role(&place, &site, "qa_manager").await;
        for (next, to) in [("/reports", "/reports"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/")] {
            let form = [("email", "qa_manager@quorate.example"), ("password", "a long enough password"), ("next", next)];
            let form: Vec<_> = form.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            assert_eq!(person.post("/sign-in", &form).await.location.as_deref(), Some(to), "{next}");
        }
    }

    async fn a_link_sets_a_password_once_and_looking_at_it_uses_nothing_up(place: Place) {
        let site = place.site(LATER).await;
        let said = place.done_at(LATER, &["account", "add", "kim@quorate.example", "--name", "Kim", "--role", "qa_manager"]);
        let link = said[said.find("/welcome/").unwrap()..].lines().next().unwrap().to_owned();
        let mut kim = Person::anonymous(&site);
        for _ in 0..2 {
            assert!(kim.get(&link).await.body.contains("For kim@quorate.example"));
        }
        for (password, again, told) in [
            ("short", "short", "Use at least 12 characters"),
            ("kim@quorate.example", "kim@quorate.example", "A guessing program would find this password soon"),
            ("heron lantern biscuit", "heron lantern", "The two are not the same"),
        ] {
            let seen = kim.post(&link, &fields(&[("password", password), ("again", again)])).await;
            assert!(seen.status == 422 && seen.body.contains(told), "{told}: {}", seen.body);
        }
        let good = fields(&[("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")]);
        assert_eq!(kim.post(&link, &good).await.status, 303);
        assert_eq!(kim.post(&link, &good).await.status, 410, "once");
        assert_eq!(kim.get(&link).await.status, 410);
        assert_eq!(kim.sign_in("kim@quorate.example", "heron lantern biscuit").await.status, 303);
        let said = place.done_at(LATER, &["account", "reset", "kim@quorate.example"]);
        let link = said[said.find("/welcome/").unwrap()..].lines().next().unwrap().to_owned();
        let too_late = place.site("2026-10-03T16:05:01Z").await;
        assert_eq!(Person::anonymous(&too_late).get(&link).await.status, 410);
    }

    async fn of_two_who_use_a_link_at_once_one_has_it(place: Place) {
        let site = place.site(LATER).await;
        let said = place.done_at(LATER, &["account", "add", "kim@quorate.example", "--name", "Kim", "--role", "qa_manager"]);
        let link = said[said.find("/welcome/").unwrap()..].lines().next().unwrap().to_owned();
        let (mut one, mut other) = (Person::anonymous(&site), Person::anonymous(&site));
        let form = fields(&[("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")]);
        let (one, other) = tokio::join!(one.post(&link, &form), other.post(&link, &form));
        let mut answers = [one.status.as_u16(), other.status.as_u16()];
        answers.sort();
        assert_eq!(answers, [303, 410]);
    }

    async fn the_first_account_is_made_by_a_link_that_only_an_empty_place_has(place: Place) {
        let site = place.site(LATER).await;
        let link = site.first_link().await.unwrap().unwrap();
        let mut first = Person::anonymous(&site);
        let form = [("email", "robin@council.example"), ("name", "Robin"), ("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")];
        let nameless = first.post(&link, &fields(&form[2..])).await;
        assert!(nameless.body.contains("Enter your name"), "{}", nameless.body);
        assert_eq!(first.post(&link, &fields(&form)).await.location.as_deref(), Some("/sign-in?welcome=yes"));
        assert_eq!(first.sign_in("robin@council.example", "heron lantern biscuit").await.status, 303);
        assert_eq!(first.get("/accounts").await.status, 200);
        assert!(site.first_link().await.unwrap().is_none());
    }

    async fn a_system_administrator_adds_an_account_and_hands_over_its_link(place: Place) {
        let site = place.site(LATER).await;
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let wrong = keeper.post("/accounts", &fields(&[("email", "kim@quorate.example"), ("name", "Kim"), ("role", "chair")])).await;
        assert!(wrong.status == 422 && wrong.body.contains("acts for a chair of the directory"), "{}", wrong.body);
        let made = keeper.post("/accounts", &fields(&[("email", "kim@quorate.example"), ("name", "Kim"), ("role", "auditor")])).await;
        let link = regex::Regex::new("<code>http://127.0.0.1:8080(/welcome/[0-9a-f]{64})</code>").unwrap();
        let link = link.captures(&made.body).unwrap_or_else(|| panic!("{}", made.body))[1].to_owned();
        let mut kim = Person::anonymous(&site);
        kim.post(&link, &fields(&[("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")])).await;
        kim.sign_in("kim@quorate.example", "heron lantern biscuit").await;
        assert_eq!(kim.get("/audit").await.status, 200);
        let page = keeper.get("/accounts").await.body;
        let disable = regex::Regex::new("Kim<br>.*?action=\"(/accounts/[0-9a-f-]+/disable)\"").unwrap();
        let disable = disable.captures(&page.replace('\n', "")).unwrap()[1].to_owned();
        assert_eq!(keeper.post(&disable, &[]).await.status, 303);
        assert_eq!(kim.get("/audit").await.status, 303, "out at once");
        let own = keeper.get("/accounts").await.body.replace('\n', "");
        assert!(own.contains("system_administrator<br>") && own.contains("Your own"), "{own}");
        let own = format!("/accounts/{}/OWN", account_id(&place, "system_administrator@quorate.example").await);
        for does in ["disable", "link", "forget-second-factor"] {
            assert_eq!(keeper.post(&own.replace("OWN", does), &[]).await.status, 400, "not one's own: {does}");
        }
    }

    async fn a_second_factor_is_set_up_asked_for_and_a_code_is_good_once(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/second-factor/set-up").await;
        let secret = regex::Regex::new("quorate-key\">([A-Z2-7 ]+)<").unwrap().captures(&page.body).unwrap()[1].replace(' ', "");
        let code = |at: &str| code(&secret, at);
        let offered = page.field("offered");
        let form = |password: &str, code: &str| fields(&[("offered", &offered), ("password", password), ("code", code)]);
        let wrong = qa.post("/second-factor/set-up", &form("a wrong password", &code(LATER))).await;
        assert!(wrong.body.contains("The password is not right"), "{}", wrong.body);
        let wrong = qa.post("/second-factor/set-up", &form("a long enough password", "000000")).await;
        assert!(wrong.body.contains("not the one that the app shows now"), "{}", wrong.body);
        let done = qa.post("/second-factor/set-up", &form("a long enough password", &code(LATER))).await;
        let recovery = regex::Regex::new("<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>").unwrap();
        let recovery: Vec<String> = recovery.captures_iter(&done.body).map(|c| c[1].to_owned()).collect();
        assert_eq!(recovery.len(), 10, "{}", done.body);
        assert_eq!(qa.get("/feedback").await.status, 200);

        let later = place.site("2026-09-30T16:07:00Z").await;
        let mut qa = Person::anonymous(&later);
        let seen = qa.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.location.as_deref(), Some("/second-factor"));
        assert_eq!(qa.get("/feedback").await.location.as_deref(), Some("/sign-in?next=%2Ffeedback"), "the password alone is not enough");
        assert_eq!(qa.post("/second-factor", &fields(&[("code", &code(LATER))])).await.status, 422, "used at set-up");
        let fresh = code("2026-09-30T16:07:00Z");
        assert_eq!(qa.post("/second-factor", &fields(&[("code", &fresh)])).await.status, 303);
        assert_eq!(qa.get("/feedback").await.status, 200);
        let mut thief = Person::anonymous(&later);
        thief.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(thief.post("/second-factor", &fields(&[("code", &fresh)])).await.status, 422, "once");
        assert_eq!(thief.post("/second-factor", &fields(&[("code", &recovery[3].to_lowercase())])).await.status, 303);
        let mut thief = Person::anonymous(&later);
        thief.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(thief.post("/second-factor", &fields(&[("code", &recovery[3])])).await.status, 422, "once");
        assert_eq!(thief.post("/second-factor/set-up", &form("a long enough password", &fresh)).await.status, 303, "no way round");
    }

    async fn wrong_codes_lock_an_account_though_each_follows_a_right_password(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/second-factor/set-up").await;
        let secret = regex::Regex::new("quorate-key\">([A-Z2-7 ]+)<").unwrap().captures(&page.body).unwrap()[1].replace(' ', "");
        let form = fields(&[("offered", &page.field("offered")), ("password", "a long enough password"), ("code", &code(&secret, LATER))]);
        assert_eq!(qa.post("/second-factor/set-up", &form).await.status, 200);
        let later = place.site("2026-09-30T16:07:00Z").await;
        let mut thief = Person::anonymous(&later);
        for _ in 0..5 {
            thief.sign_in("qa_manager@quorate.example", "a long enough password").await;
            thief.post("/second-factor", &fields(&[("code", "123456")])).await;
        }
        assert_eq!(thief.sign_in("qa_manager@quorate.example", "a long enough password").await.status, 422, "locked");
        let right = code(&secret, "2026-09-30T16:07:00Z");
        assert_eq!(thief.post("/second-factor", &fields(&[("code", &right)])).await.status, 422, "even with the right code");
    }

    async fn a_role_that_needs_a_second_factor_gets_no_further_without_one(place: Place) {
        let site = place.site_with(LATER, &[("access.second_factor_roles", "qa_manager")]).await;
        let mut qa = Person::anonymous(&site);
        place.account("qa_manager", "a long enough password");
        let seen = qa.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.location.as_deref(), Some("/second-factor/set-up"));
        assert_eq!(qa.get("/feedback").await.status, 303);
        let page = qa.get("/second-factor/set-up").await;
        let secret = regex::Regex::new("quorate-key\">([A-Z2-7 ]+)<").unwrap().captures(&page.body).unwrap()[1].replace(' ', "");
        let form = fields(&[("offered", &page.field("offered")), ("code", &code(&secret, LATER))]);
        assert!(qa.post("/second-factor/set-up", &form).await.body.contains("Your recovery codes"));
        assert_eq!(qa.get("/feedback").await.status, 200);
        let mut keeper = Person::with_role(&place, &site, "system_administrator").await;
        let page = keeper.get("/accounts").await.body.replace('\n', "");
        let forget = regex::Regex::new("action=\"(/accounts/[0-9a-f-]+/forget-second-factor)\"").unwrap();
        let forget = forget.captures(&page).unwrap()[1].to_owned();
        assert_eq!(keeper.post(&forget, &[]).await.status, 303);
        assert_eq!(qa.get("/feedback").await.status, 303, "its sessions end");
        let seen = qa.sign_in("qa_manager@quorate.example", "a long enough password").await;
        assert_eq!(seen.location.as_deref(), Some("/second-factor/set-up"), "and a new telephone is set up");
    }

    async fn what_was_entered_when_a_session_had_ended_is_saved_after_signing_in_again(place: Place) {
        let rows: Vec<_> = conference("C-1").into_iter().map(|row| row.with("attendance", "")).collect();
        let folder = place.records(&rows);
        place.done_at(EVENING, &["import", folder.to_str().unwrap()]);
        let site = place.site(LATER).await;
        let mut administrator = Person::with_role(&place, &site, "administrator").await;
        let page = administrator.get("/").await.body;
        assert!(page.contains("data-seconds=\"7140\""), "the warning is armed: {page}");
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let register = format!("{at}/register");
        let mut form = administrator.get(&register).await.form();
        let field = regex::Regex::new("name=\"([^\"]*\\.report)\"").unwrap();
        let field = field.captures(&administrator.get(&register).await.body).unwrap()[1].to_owned();
        crate::harness::http::set(&mut form, &field, "tabled");

        let tomorrow = place.site_with("2026-10-01T09:00:00Z", &[("access.second_factor_roles", "")]).await;
        administrator.moved_to(&tomorrow);
        place.done_at("2026-10-01T02:15:00Z", &["run-task", "sessions"]);
        let asked = administrator.post(&register, &form).await;
        assert!(asked.status == 401 && asked.body.contains("what you entered is kept"), "{}", asked.body);
        let password = fields(&[("current", "a long enough password"), ("new", "CANARY-secret"), ("again", "CANARY-secret")]);
        let unkept = administrator.post("/me/password", &password).await;
        assert!(unkept.status == 303 && !unkept.body.contains("CANARY"), "a password is kept nowhere");
        let kept = asked.field("kept");
        assert!(!asked.body.contains("tabled"), "sealed");
        let sign_in = |email: &str| fields(&[("email", email), ("password", "a long enough password"), ("kept", &kept)]);
        place.account("auditor", "a long enough password");
        let stranger = Person::anonymous(&tomorrow).post(&register, &form).await;
        assert_eq!(stranger.status, 303, "a stranger's is not kept, and offered to nobody");
        let mut other = Person::anonymous(&tomorrow);
        let seen = other.post("/sign-in", &sign_in("auditor@quorate.example")).await;
        assert_eq!(seen.status, 303, "it opens for nobody else");
        let wrong = fields(&[("email", "administrator@quorate.example"), ("password", "wrong"), ("kept", &kept)]);
        assert_eq!(administrator.post("/sign-in", &wrong).await.field("kept"), kept, "a slip loses nothing");
        let seen = administrator.post("/sign-in", &sign_in("administrator@quorate.example")).await;
        assert!(seen.status == 200 && seen.body.contains("not saved yet") && seen.body.contains(&format!("action=\"{register}\"")), "{}", seen.body);
        let again = seen.form();
        assert_eq!(again.len(), form.len());
        assert_eq!(administrator.post(&register, &again).await.status, 303);
        let page = administrator.get(&register).await.body;
        assert!(page.contains("<option value=\"tabled\" selected>"), "{page}");
    }

    async fn changing_a_password_ends_every_other_session_and_needs_the_old_one(place: Place) {
        let site = place.site(LATER).await;
        let mut qa = Person::with_role(&place, &site, "qa_manager").await;
        let mut elsewhere = Person::with_role(&place, &site, "qa_manager").await;
        let page = qa.get("/me").await.body;
        assert!(page.contains("End all but this one"));
        assert_eq!(page.matches("now, here").count(), 1, "{page}");
        let form = |current: &str| fields(&[("current", current), ("password", "heron lantern biscuit"), ("again", "heron lantern biscuit")]);
        assert_eq!(qa.post("/me/password", &form("a wrong password")).await.status, 422);
        assert_eq!(qa.post("/me/password", &form("a long enough password")).await.status, 303);
        assert_eq!(qa.get("/me").await.status, 200);
        assert_eq!(elsewhere.get("/me").await.status, 303);
        elsewhere.sign_in("qa_manager@quorate.example", "heron lantern biscuit").await;
        assert_eq!(qa.post("/me/sessions/end", &[]).await.status, 303);
        assert_eq!(elsewhere.get("/me").await.status, 303);
        assert_eq!(qa.get("/me").await.status, 200);
    }
}

async fn account_id(place: &Place, email: &str) -> uuid::Uuid {
    use sea_orm::ConnectionTrait;
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    let sql = format!("select id from account where email = '{email}'");
    let row =
        db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get("", "id").unwrap()
}

pub fn fields(form: &[(&str, &str)]) -> Vec<(String, String)> {
    form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The code that an app shows at a moment.
fn code(secret: &str, moment: &str) -> String {
    let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
    let codes = totp_rs::Builder::new().with_secret(secret).with_account_name("test").build().unwrap();
    codes.generate(crate::harness::at(moment).timestamp().unsigned_abs()).to_string()
}
