//! The attendance report of Teams: read in three of its forms, matched, and taken into a register.

use axum::body::Body;
use axum::http::Request;

use crate::both;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{COLUMNS, Row, csv};
use crate::harness::{Place, root};

/// The conference to which the sample reports belong: Wednesday 21 October 2026, 9:30am.
fn conference(place: &Place) {
    let mut reader = csv::Reader::from_path(root().join("tests/data/teams/invitations.csv")).unwrap();
    let (mut contacts, mut rows) =
        ("agency_code,service,contact_name,role,email,is_safeguarding_lead\n".to_owned(), Vec::new());
    for record in reader.records() {
        let record = record.unwrap();
        let [name, role, agency, service, email] = [0, 1, 2, 3, 4].map(|n| record[n].to_owned());
        contacts.push_str(&format!("{agency},{service},{name},{role},{email},no\n"));
        rows.push(
            Row::of("CPC-T", &agency, &service, &role)
                .with("conference_date", "2026-10-21")
                .with("start_time", "09:30")
                .with("decision_time", "")
                .with("status", "scheduled")
                .with("contact_email", &email)
                .with("invited_on", "2026-09-28")
                .with("attendance", "")
                .with("view", "")
                .with("report", "none")
                .with("report_received_on", "")
                .with("decisions", ""),
        );
    }
    assert!(COLUMNS.len() > 20);
    let agencies = "agency_code,agency_name,agency_group,valid_from,valid_to,successor_code\n\
        OCC-CSC,Children's Social Care,childrens_social_care,,,\nSCH,Schools and colleges,education,,,\n\
        OH-CH,Oxford Health NHS Foundation Trust,community_health,,,\nTVP,Thames Valley Police,police,,,\n\
        ICB-GP,GP practices,primary_care,,,\nPROB,The Probation Service,probation,,,\n\
        SUB,Turning Point,substance_misuse,,,\nHOU,Cherwell District Council,housing,,,\n";
    place.write("records/agencies.csv", agencies);
    place.write("records/contacts.csv", contacts);
    place.write("records/attendance-log.csv", csv(&rows));
    place.done_at("2026-10-20T09:00:00Z", &["import", place.path("records").to_str().unwrap()]);
}

const AFTER: &str = "2026-10-21T10:30:00Z";

async fn sends(person: &mut Person, at: &str, file: &[u8]) -> Seen {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"report\"; filename=\"report.csv\"\r\nContent-Type: text/csv\r\n\r\n".to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(format!("{at}/register/teams"))
        .header("content-type", "multipart/form-data; boundary=x")
        .body(Body::from(body))
        .unwrap();
    person.send(request).await
}

async fn opened(place: &Place) -> (Person, String) {
    conference(place);
    let site = place.site(AFTER).await;
    let mut person = Person::with_role(place, &site, "administrator").await;
    let page = person.get("/?day=2026-10-21").await.body;
    let at = regex::Regex::new("href=\"(/conferences/[0-9a-f-]{36})\"").unwrap();
    let at = at.captures(&page).unwrap_or_else(|| panic!("{page}"))[1].to_owned();
    (person, at)
}

/// The people of the page: name, how sure, whom for (where chosen), the perhapses.
fn people(page: &str) -> Vec<(String, String, String, Vec<String>, String)> {
    let line = regex::Regex::new(r#"(?s)<strong>([^<]+)</strong> <strong class="govuk-tag[^>]*>([^<]+)</strong>.*?16">([^<]*)</span>.*?<select(.*?)</select>"#).unwrap();
    let chosen = regex::Regex::new(r#"<option value="[^"]+" selected>([^<]+)<"#).unwrap();
    let perhaps = regex::Regex::new("perhaps: ([^<]+)<").unwrap();
    let all = line.captures_iter(page).map(|c| {
        let of = chosen.captures(&c[4]).map_or(String::new(), |m| m[1].to_owned());
        let some = perhaps.captures_iter(&c[4]).map(|m| m[1].to_owned()).collect();
        (c[1].replace("&#x27;", "'"), c[2].to_owned(), of, some, c[3].to_owned())
    });
    all.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_reports_are_read_and_matched_as_a_careful_person_would() {
    let place = Place::sqlite();
    let (mut person, at) = opened(&place).await;
    let data = root().join("tests/data/teams");
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(data.join("expected.json")).unwrap()).unwrap();
    let mut reader = csv::Reader::from_path(data.join("invitations.csv")).unwrap();
    let service_of: std::collections::HashMap<String, String> = reader
        .records()
        .map(|r| r.unwrap())
        .map(|r| (r[4].to_owned(), format!("{}, {}", &r[3], &r[1])))
        .collect();
    let mut counted = 0;
    for (file, wanted) in expected.as_object().unwrap() {
        let page = sends(&mut person, &at, &std::fs::read(data.join(file)).unwrap()).await;
        assert_eq!(page.status, 200, "{file}: {}", page.body);
        let found = people(&page.body);
        for (address, times) in wanted["sure"].as_object().unwrap() {
            let service = &service_of[address];
            let (_, how, _, _, said) = found
                .iter()
                .find(|p| p.2 == *service)
                .unwrap_or_else(|| panic!("{file}: {service}: {found:?}"));
            let [joined, left] = [0, 1].map(|n| times[n].as_str().unwrap());
            let joined = if joined.is_empty() { "from before the report" } else { joined };
            let left = if left.is_empty() { "the end" } else { left };
            assert!(
                how == "sure" && said.contains(&format!("{joined} to {left}")),
                "{file}: {service}: {said}"
            );
            counted += 1;
        }
        for (name, some) in wanted["doubtful"].as_object().unwrap() {
            let person =
                found.iter().find(|p| p.0 == *name).unwrap_or_else(|| panic!("{file}: {name}: {found:?}"));
            let some: Vec<&String> =
                some.as_array().unwrap().iter().map(|a| &service_of[a.as_str().unwrap()]).collect();
            assert_eq!(
                (person.1.as_str(), person.3.iter().collect::<Vec<_>>()),
                ("perhaps", some),
                "{file}: {name}"
            );
            counted += 1;
        }
        for name in wanted["unknown"].as_array().unwrap() {
            let person = found.iter().find(|p| p.0 == name.as_str().unwrap()).unwrap();
            assert!(person.1 == "not known" && person.2.is_empty());
            counted += 1;
        }
        for address in wanted["not_seen"].as_array().into_iter().flatten() {
            assert!(
                page.body.contains(&format!("<li>{}</li>", service_of[address.as_str().unwrap()])),
                "{file}"
            );
            counted += 1;
        }
        let sure = wanted["sure"].as_object().unwrap().len();
        assert_eq!(
            found.iter().filter(|p| p.1 == "sure").count(),
            sure,
            "{file}: nobody else is sure: {found:?}"
        );
    }
    assert!(counted >= 14);
}

both! {
    async fn what_is_chosen_becomes_facts_with_their_times_and_nothing_is_confirmed(place: Place) {
        let (mut person, at) = opened(&place).await;
        let file = std::fs::read(root().join("tests/data/teams/numbered-sections.csv")).unwrap();
        let page = sends(&mut person, &at, &file).await;
        assert!(page.body.contains("away from 10:10 to 10:14"), "{}", page.body);
        let mut form = page.form();
        let police = regex::Regex::new("<option value=\"([0-9a-f-]{36})\">perhaps: Child Abuse Investigation Unit").unwrap();
        let police = police.captures(&page.body).unwrap()[1].to_owned();
        set(&mut form, "person.3.invitation", &police);
        set(&mut form, "person.3.deputy", "yes");
        let done = person.post(&format!("{at}/register/teams/take"), &form).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let news: serde_json::Value = serde_json::from_str(&person.get(&format!("{at}/register/live?version=0")).await.body).unwrap();
        let rows: Vec<&serde_json::Value> = news["rows"].as_array().unwrap().iter().filter(|r| r["values"]["attendance"] == "video").collect();
        assert_eq!(rows.len(), 4, "{news}");
        let of = |id: &str| rows.iter().find(|r| r["id"] == id).unwrap();
        let deputy = &of(&police)["values"];
        assert_eq!((&deputy["by_deputy"], &deputy["joined_at"], &deputy["left_at"]), (&"yes".into(), &"09:40".into(), &"".into()));
        assert!(deputy["deputy"].as_str().unwrap().contains("Dean Fowler"));
        assert_eq!(news["closed"], false);
        // Whoever was there before the start was there from the start, who went with the last stayed to the end, and who
        // left early, left.
        let times: Vec<(&str, &str)> = rows.iter().map(|r| (r["values"]["joined_at"].as_str().unwrap(), r["values"]["left_at"].as_str().unwrap())).collect();
        assert!(times.contains(&("", "")) && times.contains(&("09:31", "10:20")), "{times:?}");
    }

    async fn what_somebody_entered_meanwhile_is_not_overwritten_by_a_report(place: Place) {
        let (mut person, at) = opened(&place).await;
        let file = std::fs::read(root().join("tests/data/teams/numbered-sections.csv")).unwrap();
        let page = sends(&mut person, &at, &file).await;
        // Somebody puts the health visitor down as having been in the room.
        let mut register = person.get(&format!("{at}/register")).await.form();
        let visitor = regex::Regex::new("<option value=\"([0-9a-f-]{36})\" selected>Health Visiting North").unwrap();
        let visitor = visitor.captures(&page.body).unwrap()[1].to_owned();
        set(&mut register, &format!("{visitor}.attendance"), "in_person");
        assert_eq!(person.post(&format!("{at}/register"), &register).await.status, 303);
        let said = person.post(&format!("{at}/register/teams/take"), &page.form()).await;
        assert!(said.status == 409 && said.body.contains("what they entered stands: Health Visiting North"), "{}", said.body);
        let news: serde_json::Value = serde_json::from_str(&person.get(&format!("{at}/register/live?version=0")).await.body).unwrap();
        let row = news["rows"].as_array().unwrap().iter().find(|r| r["id"] == *visitor).unwrap();
        assert_eq!((&row["values"]["attendance"], &row["values"]["left_at"]), (&"in_person".into(), &"".into()));
    }

    async fn a_file_that_is_no_report_or_of_another_day_is_refused_with_what_to_do(place: Place) {
        let (mut person, at) = opened(&place).await;
        for (file, said) in [
            (&b"not a report"[..], "This is not an attendance report of Teams"),
            (b"", "Choose the attendance report"),
            (b"Full Name\tJoin Time\tLeave Time\nAnn\t01/02/2026, 09:00\t01/02/2026, 10:00\n", "Choose the report of this meeting"),
            (b"Full Name\tJoin Time\tLeave Time\nAnn\t21/10/2026, 08:00\t21/10/2026, 09:00\n", "of a meeting from 08:00 to 09:00"),
            (b"Full Name\tJoin Time\tLeave Time\nAnn\tearly\tlate\n", "is not a date and time"),
        ] {
            let page = sends(&mut person, &at, file).await;
            assert!(page.status == 422 && page.body.contains(said), "{said}: {}", page.body);
        }
    }
}
