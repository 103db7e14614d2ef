//! Who may do what: every route as every role, against a table that is reviewed like code.

use crate::harness::http::Person;
use crate::harness::log::{EVENING, LATER, conference};

const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/conferences/{c}"),
    ("GET", "/conferences/{c}/register"),
    ("POST", "/conferences/{c}/register"),
    ("GET", "/conferences/{c}/register/live"),
    ("POST", "/conferences/{c}/register/live"),
    ("POST", "/conferences/{c}/register/walk-in"),
    ("POST", "/conferences/{c}/register/teams"),
    ("POST", "/conferences/{c}/register/teams/take"),
    ("GET", "/conferences/{c}/sheet"),
    ("GET", "/conferences/{c}/confirm"),
    ("POST", "/conferences/{c}/confirm"),
    ("GET", "/conferences/{c}/amend"),
    ("POST", "/conferences/{c}/amend"),
    ("GET", "/conferences/{c}/amend/{i}"),
    ("POST", "/conferences/{c}/amend/{i}"),
    ("GET", "/conferences/{c}/restrict"),
    ("POST", "/conferences/{c}/restrict"),
    ("POST", "/conferences/{c}/restrict/00000000-0000-0000-0000-000000000000/end"),
    ("POST", "/conferences/{c}/restrict/lift"),
    ("GET", "/board"),
    ("GET", "/book"),
    ("POST", "/book"),
    ("POST", "/book/hints"),
    ("GET", "/conferences/{c}/invitations"),
    ("POST", "/conferences/{c}/invitations"),
    ("POST", "/conferences/{c}/invitations/send"),
    ("GET", "/conferences/{c}/invitations/{i}"),
    ("POST", "/conferences/{c}/invitations/{i}"),
    ("POST", "/conferences/{c}/invitations/{i}/address"),
    ("POST", "/conferences/{c}/invitations/{i}/nudge"),
    ("POST", "/conferences/{c}/invitations/{i}/telephoned"),
    ("POST", "/conferences/{c}/invitations/{i}/reinstate"),
    ("POST", "/conferences/{c}/invitations/{i}/withdraw"),
    ("GET", "/conferences/{c}/change"),
    ("POST", "/conferences/{c}/change"),
    ("GET", "/conferences/{c}/cancel"),
    ("POST", "/conferences/{c}/cancel"),
    ("GET", "/answer/0000"),
    ("POST", "/answer/0000"),
    ("GET", "/restricted"),
    ("POST", "/restricted"),
    ("POST", "/restricted/00000000-0000-0000-0000-000000000000/end"),
    ("GET", "/directory?q=health"),
    ("GET", "/directory/agencies"),
    ("POST", "/directory/agencies"),
    ("GET", "/directory/agencies/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/agencies/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/agencies/00000000-0000-0000-0000-000000000000/services"),
    ("GET", "/directory/services/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/services/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/services/00000000-0000-0000-0000-000000000000/merge"),
    ("GET", "/directory/contacts"),
    ("POST", "/directory/contacts"),
    ("GET", "/directory/contacts/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/contacts/00000000-0000-0000-0000-000000000000"),
    ("POST", "/directory/contacts/00000000-0000-0000-0000-000000000000/verified"),
    ("POST", "/directory/contacts/00000000-0000-0000-0000-000000000000/came-back"),
    ("POST", "/directory/contacts/00000000-0000-0000-0000-000000000000/left"),
    ("POST", "/directory/contacts/00000000-0000-0000-0000-000000000000/back"),
    ("GET", "/cover"),
    ("POST", "/cover"),
    ("POST", "/cover/00000000-0000-0000-0000-000000000000/end"),
    ("GET", "/agency"),
    ("GET", "/agency/papers/2026-09/OH"),
    ("GET", "/agency/papers/2026-09/OH/paper.pdf"),
    ("POST", "/agency/answer/00000000-0000-0000-0000-000000000000"),
    ("POST", "/agency/contacts/00000000-0000-0000-0000-000000000000"),
    ("GET", "/feedback"),
    ("GET", "/reply/0000"),
    ("POST", "/reply/0000"),
    ("GET", "/replies"),
    ("GET", "/replies/00000000-0000-0000-0000-000000000000"),
    ("POST", "/replies/00000000-0000-0000-0000-000000000000"),
    ("POST", "/replies/00000000-0000-0000-0000-000000000000/contact"),
    ("GET", "/conferences/{c}/replies"),
    ("GET", "/oversight"),
    ("GET", "/letters"),
    ("GET", "/letters/no_answer/0"),
    ("GET", "/letters/no_answer/0/as-sent"),
    ("GET", "/escalation"),
    ("GET", "/escalation/00000000-0000-0000-0000-000000000000"),
    ("POST", "/escalation/00000000-0000-0000-0000-000000000000"),
    ("POST", "/escalation/00000000-0000-0000-0000-000000000000/telephoned"),
    ("POST", "/feedback/release/00000000-0000-0000-0000-000000000000"),
    ("POST", "/feedback/00000000-0000-0000-0000-000000000000/telephoned"),
    ("GET", "/imports"),
    ("GET", "/imports/tracker"),
    ("POST", "/imports/tracker"),
    ("POST", "/imports"),
    ("GET", "/actions"),
    ("POST", "/actions"),
    ("GET", "/actions/new"),
    ("GET", "/actions/00000000-0000-0000-0000-000000000000"),
    ("POST", "/actions/00000000-0000-0000-0000-000000000000/reviews"),
    ("GET", "/reports"),
    ("GET", "/reports/2026-09"),
    ("GET", "/reports/over/2026-27-q2"),
    ("GET", "/reports/over/2026-27-q2/paper.pdf"),
    ("GET", "/reports/over/2026-27-q2/figures.csv"),
    ("GET", "/reports/over/2026-27-q2/behind?figure=M1"),
    ("GET", "/reports/over/2026-27-q2/figures.json"),
    ("GET", "/reports/over/2026-27-q2/figures.xlsx"),
    ("GET", "/reports/public/2025-26"),
    ("GET", "/reports/public/2025-26/figures.csv"),
    ("GET", "/reports/public/2025-26/figures.json"),
    ("POST", "/reports/2026-09/approve"),
    ("GET", "/reports/2026-09/agency/OH"),
    ("GET", "/reports/2026-09/agency/OH/paper.pdf"),
    ("GET", "/reports/2026-09/paper.pdf"),
    ("GET", "/reports/2026-09/figures.csv"),
    ("GET", "/reports/2026-09/figures.json"),
    ("GET", "/reports/2026-09/figures.xlsx"),
    ("GET", "/reports/2026-09/behind?figure=M1"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/provider"),
    ("GET", "/sign-in/provider/back"),
    ("POST", "/sign-in/provider/ended"),
    ("GET", "/second-factor"),
    ("POST", "/second-factor"),
    ("GET", "/second-factor/set-up"),
    ("POST", "/second-factor/set-up"),
    ("GET", "/me"),
    ("POST", "/me/password"),
    ("POST", "/me/sessions/end"),
    ("POST", "/me/stay"),
    ("GET", "/welcome/0000"),
    ("POST", "/welcome/0000"),
    ("GET", "/accounts"),
    ("POST", "/accounts"),
    ("GET", "/accounts/00000000-0000-0000-0000-000000000000/scope"),
    ("POST", "/accounts/00000000-0000-0000-0000-000000000000/scope"),
    ("POST", "/accounts/00000000-0000-0000-0000-000000000000/scope/end"),
    ("POST", "/accounts/00000000-0000-0000-0000-000000000000/link"),
    ("POST", "/accounts/00000000-0000-0000-0000-000000000000/disable"),
    ("POST", "/accounts/00000000-0000-0000-0000-000000000000/forget-second-factor"),
    ("GET", "/retention"),
    ("POST", "/retention/register/destroy"),
    ("GET", "/retention/certificates/00000000-0000-0000-0000-000000000000"),
    ("GET", "/holds"),
    ("POST", "/holds"),
    ("POST", "/holds/00000000-0000-0000-0000-000000000000/end"),
    ("GET", "/subject-access"),
    ("POST", "/subject-access"),
    ("GET", "/audit"),
    ("GET", "/audit/1"),
    ("GET", "/audit/entries.csv"),
    ("GET", "/post"),
    ("GET", "/post/{m}"),
    ("GET", "/post/{m}/as-sent"),
    ("GET", "/post/{m}/letter.eml"),
    ("POST", "/post/{m}/requeue"),
    ("POST", "/post/requeue"),
    ("POST", "/post/hold"),
    ("POST", "/post/release"),
    ("GET", "/schedule"),
    ("POST", "/schedule/sessions/run"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    // The last: nobody is signed in after it.
    ("POST", "/sign-out"),
];

/// Addresses that are nobody's to be let in to: files of the pages, figures on a port of their own, and what a
/// demonstration alone serves.
const FOR_ALL: &[&str] = &["/assets/", "/metrics", "/demo/"];

#[test]
fn no_route_is_missing_from_the_golden_table() {
    let route = regex::Regex::new(r#"\.route\(\s*"([^"]+)",\s*"#).unwrap();
    let method = regex::Regex::new(r"\b(get|(?:on_)?post)\(").unwrap();
    let parameter = regex::Regex::new(r"\\\{\*?[a-z_]+\\\}").unwrap();
    let mut missing = Vec::new();
    let mut seen = 0;
    for file in crate::architecture::files(&crate::harness::root().join("src")) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for found in route.captures_iter(&text) {
            let path = &found[1];
            if FOR_ALL.iter().any(|prefix| path.starts_with(prefix)) {
                continue;
            }
            let rest = text[found.get(0).unwrap().end()..].lines().next().unwrap();
            let pattern = parameter.replace_all(&regex::escape(path), "[^/]+").into_owned();
            let pattern = regex::Regex::new(&format!("^{pattern}$")).unwrap();
            for one in method.captures_iter(rest) {
                seen += 1;
                let method = if &one[1] == "get" { "GET" } else { "POST" };
                let known = |(of, at): &(&str, &str)| {
                    *of == method && pattern.is_match(at.split('?').next().unwrap())
                };
                if !ROUTES.iter().any(known) {
                    missing.push(format!("{method} {path}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(seen > 50, "routes are found at all: {seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_every_role_as_the_golden_table_says() {
    let place = crate::harness::Place::sqlite();
    let mut rows = conference("C-1");
    rows[2] = rows[2].clone().absent();
    place.import(EVENING, &rows);
    place.done_at(LATER, &["run-task", "feedback"]);
    let m = place.outbox()[0]["id"].as_str().unwrap().to_owned();
    let site = place.site(LATER).await;
    let mut administrator = Person::with_role(&place, &site, "administrator").await;
    let page = administrator.get("/?day=2026-09-30").await.body;
    let c = regex::Regex::new("/conferences/([0-9a-f-]{36})").unwrap().captures(&page).unwrap()[1].to_owned();
    let page = administrator.get(&format!("/conferences/{c}")).await.body;
    let i = regex::Regex::new("/amend/([0-9a-f-]{36})").unwrap().captures(&page).unwrap()[1].to_owned();
    let roles = [
        "administrator",
        "chair",
        "qa_manager",
        "paqa_member",
        "agency_lead",
        "system_administrator",
        "auditor",
    ];
    let mut people = vec![("nobody", Person::anonymous(&site))];
    // The password was right, and the second factor is still asked for.
    let strict = place.site_with(LATER, &[("access.second_factor_roles", "system_administrator")]).await;
    people.push(("halfway", Person::with_role(&place, &strict, "system_administrator").await));
    for role in roles {
        people.push((role, Person::with_role(&place, &site, role).await));
    }
    let mut table = format!("{:<75}", "");
    for (name, _) in &people {
        table.push_str(&format!("{name:<22}"));
    }
    for (method, route) in ROUTES {
        table.push_str(&format!("\n{:<75}", format!("{method} {route}")));
        let path = route.replace("{c}", &c).replace("{i}", &i).replace("{m}", &m);
        for (_, person) in &mut people {
            let seen = if *method == "GET" { person.get(&path).await } else { person.post(&path, &[]).await };
            let verdict = match (seen.status.as_u16(), seen.location.as_deref()) {
                (303, Some(to)) if to.starts_with("/sign-in") => "sign in".to_owned(),
                (403, _) => "no".to_owned(),
                // The schedule's alarm is not running in this test; the route was reached.
                (503, _) if *route == "/health/ready" => "yes".to_owned(),
                (500.., _) => format!("FAILS {}", seen.status),
                // 4xx other than 403: the route was reached, and this empty request made no sense to it.
                _ => "yes".to_owned(),
            };
            table.push_str(&format!("{verdict:<22}"));
        }
    }
    let lines: Vec<&str> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
