//! The other spreadsheet: said what it means, looked at, taken in as history.

use axum::body::Body;
use axum::http::Request;

use crate::both;
use crate::harness::http::{Person, Seen, set};
use crate::harness::log::{LATER, conference};
use crate::harness::{Place, root};

const AGENCIES: &str = "agency_code,agency_name,agency_group,valid_from,valid_to,successor_code
CSC,Children's Social Care,childrens_social_care,,,
EDU,Education Service,education,,,
SCH,Schools and colleges,education,,,
EY,Early years settings,early_years,,,
OH,Community Health,community_health,,,
MH,Mental Health,mental_health,,,
GP,GP practices,primary_care,,,
OLD,Clinical Commissioning Group,primary_care,2013-04-01,2022-06-30,GP
OUH,Hospitals,hospital,,,
TVP,Police,police,,,
PROB,Probation,probation,,,
HOU,Housing,housing,,,
";

async fn administrator(place: &Place) -> Person {
    place.write("records/agencies.csv", AGENCIES);
    place.done_at(LATER, &["import", place.path("records").to_str().unwrap()]);
    let site = place.site(LATER).await;
    Person::with_role(place, &site, "administrator").await
}

/// The name of the field that asks for a meaning.
fn m(name: &str) -> String {
    let coded =
        |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("_{:x}_", u32::from(c)) };
    format!("m-{}", name.chars().map(coded).collect::<String>())
}

/// Sends fields, and a file where it is given.
async fn sends(person: &mut Person, fields: &[(String, String)], file: Option<(&str, &[u8])>) -> Seen {
    let mut body = Vec::new();
    for (name, value) in fields {
        let name = name.replace('"', "%22");
        body.extend(
            format!("--xyzzy\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    if let Some((name, bytes)) = file {
        let head = format!(
            "--xyzzy\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--xyzzy--\r\n");
    let request =
        Request::post("/imports/tracker").header("content-type", "multipart/form-data; boundary=xyzzy");
    person.send(request.body(Body::from(body)).unwrap()).await
}

async fn sample(person: &mut Person) -> Seen {
    let bytes = std::fs::read(root().join("tests/data/wide-tracker.xlsx")).unwrap();
    sends(person, &[], Some(("wide-tracker.xlsx", &bytes))).await
}

/// The next step of a form.
async fn step(person: &mut Person, seen: &Seen, step: &str, said: &[(&str, &str)]) -> Seen {
    let mut form = seen.form();
    for (name, value) in said {
        let name = if name.contains('.') { m(name) } else { (*name).to_owned() };
        set(&mut form, &name, value);
    }
    set(&mut form, "step", step);
    sends(person, &form, None).await
}

/// What its own words do not tell of the sample.
const SAID: &[(&str, &str)] = &[
    ("agency.education", "SCH"),
    ("all.start_time", "09:30"),
    ("all.letters", "whole"),
    ("all.children", "one"),
    ("all.category", "MUL"),
];

/// A workbook with text in A1 and in another cell.
fn workbook(cell: &str) -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>Ref</t></is></c></row><row r=\"2\"><c r=\"{cell}\" t=\"inlineStr\"><is><t>x</t></is></c></row></sheetData></worksheet>"
    );
    for (name, text) in [
        ("[Content_Types].xml", "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned()),
        ("_rels/.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".to_owned()),
        ("xl/workbook.xml", "<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>".to_owned()),
        ("xl/_rels/workbook.xml.rels", "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>".to_owned()),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        zip.start_file(name, stored).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

both! {
    async fn the_sample_tracker_is_taken_in_as_counted_by_hand(place: Place) {
        let mut person = administrator(&place).await;
        let asked = sample(&mut person).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
        let form = asked.form();
        let chosen = |name: &str| form.iter().find(|(n, _)| *n == m(name)).unwrap_or_else(|| panic!("{name}")).1.clone();
        assert!(form.contains(&("heading".to_owned(), "3".to_owned())), "under the title");
        assert_eq!((chosen("column.conf ref").as_str(), chosen("column.hv/school nurse").as_str(), chosen("column.notes").as_str()), ("reference", "attendance", "nothing"));
        assert_eq!((chosen("agency.gp").as_str(), chosen("agency.education").as_str()), ("GP", ""), "an ended agency is not one; of two none is guessed");
        assert_eq!((chosen("letter.p").as_str(), chosen("type.rcpc").as_str(), chosen("necessity.social care").as_str()), ("in_person", "review", "core"));

        let refused = step(&mut person, &asked, "check", &[]).await;
        assert_eq!(refused.status, 422);
        for text in ["Education: say which agency this is.", "No column holds the start time", "No column names the children"] {
            assert!(refused.body.contains(text), "{text}: {}", refused.body);
        }
        let refused = step(&mut person, &refused, "check", &SAID[..4]).await;
        assert!(refused.body.contains("No column holds the category"), "asked once there are children: {}", refused.body);
        let checked = step(&mut person, &refused, "check", SAID).await;
        // It was a reconvened conference, which the tracker calls a review.
        let refused = checked.body.split("<tr>").find(|row| row.contains("row 120")).unwrap_or_else(|| panic!("{}", checked.body));
        assert!(refused.contains("Outcome</td><td class=\"govuk-table__cell\">plan_made</td>") && refused.contains("cannot be decided at a conference of type review"), "{refused}");
        assert!(checked.body.contains("153 registers confirmed by the file, 4 open. It comes as history: no letter goes."), "{}", checked.body);
        assert!(checked.body.contains("Row 16 says the same as row 15 (CPC-2026-00012): taken once."), "{}", checked.body);
        assert_eq!(place.report("2026-01")["conferences"], 0, "a check changes nothing");

        let taken = step(&mut person, &checked, "take", &[("without_refused", "yes")]).await;
        assert!(taken.body.contains("wide-tracker.xlsx is taken in"), "{}", taken.body);
        // Counted from the spreadsheet's cells by another program.
        for (month, conferences, open, expected, attended, silent) in [("2026-01", 76, 1, 481, 272, 31), ("2026-02", 77, 3, 495, 295, 30)] {
            let report = place.report(month);
            assert_eq!(report["conferences"], conferences);
            assert_eq!(report["registers_open"], open);
            assert_eq!((&report["M1"]["numerator"], &report["M1"]["denominator"]), (&attended.into(), &expected.into()));
            assert_eq!(report["silent"], silent);
            for (figure, of) in [("M6_received", "denominator"), ("M12", "denominator"), ("M14", "denominator"), ("M13", "not_invited"), ("M5", "denominator"), ("M9", "denominator"), ("M19", "denominator")] {
                assert_eq!(report[figure][of], 0, "{figure}: what no tracker knows is not counted");
            }
        }
        let report = place.report("2026-02");
        assert_eq!((&report["M9c"]["numerator"], &report["M9c"]["denominator"]), (&2.into(), &16.into()));
        assert_eq!((&report["M7"]["numerator"], &report["M10_pivotal"]), (&70.into(), &19.into()));
        assert_eq!((&report["from_a_tracker"], &report["M13_of"], &report["feedback_due"]), (&77.into(), &0.into(), &0.into()));
        place.done_at("2026-10-01T09:00:00Z", &["run-task", "feedback"]);
        assert!(place.outbox().is_empty(), "as history, without letters");
    }

    async fn what_was_said_of_a_tracker_is_remembered_and_taking_it_in_again_changes_nothing(place: Place) {
        let mut person = administrator(&place).await;
        let asked = sample(&mut person).await;
        let checked = step(&mut person, &asked, "check", SAID).await;
        let without = [("without_refused", "yes")];
        assert!(step(&mut person, &checked, "take", &without).await.body.contains("is taken in"));
        let asked = sample(&mut person).await;
        let form = asked.form();
        for (name, value) in SAID {
            assert!(form.contains(&(m(name), (*value).to_owned())), "{name}");
        }
        let before = place.report("2026-01");
        let checked = step(&mut person, &asked, "check", &[]).await;
        assert!(checked.body.contains("Conferences</th><td class=\"govuk-table__cell numeric\">0</td><td class=\"govuk-table__cell numeric\">0</td><td class=\"govuk-table__cell numeric\">157</td>"), "{}", checked.body);
        step(&mut person, &checked, "take", &without).await;
        assert_eq!(place.report("2026-01"), before);
    }

    async fn a_tracker_with_mistakes_names_row_heading_and_remedy_and_writes_nothing(place: Place) {
        let mut person = administrator(&place).await;
        let file = "Tracker 2026,,,,,,,\n\nRef,Date,Type,Area,Chair,Social Care,Police,Outcome\n\
            C-1,05/01/2026,ICPC,North,Chair 1,P,V,plan_made\n\
            C-2,31/02/2026,ICPC,North,Chair 1,P,V,plan_made\n\
            ,06/01/2026,RCPC,North,Chair 1,P,V,plan_continues\n\
            C-3,06/01/2026,RCPC,,Chair 1,P,V,plan_continues\n\
            C-4,06/01/2026,ICPC,South,Chair 1,P,V,plan_continues\n\
            c-1,05/01/2026,ICPC,North,Chair 1,P,A,plan_made\n\
            C-5,7 Jan 2026,RCPC,North,Chair 1,P,V,plan_continues\n\
            C-6,07/01/2027,RCPC,North,Chair 1,P,V,\n\
            C-7,08/01/2026,RCPC,North,Chair 1,N,N,Cancelled - stood down\n\
            Total,,,,,7,9,\n";
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let said = [("all.start_time", "9:30"), ("all.letters", "whole"), ("all.children", "one"), ("all.category", "NEG")];
        let checked = step(&mut person, &asked, "check", &said).await;
        for (place, heading, why) in [
            ("t.csv, row 5", "Date", "this is not a date between 1990 and 2100"),
            ("t.csv, row 6", "Ref", "the row names no conference"),
            ("t.csv, row 7", "Area", "the cell is empty"),
            ("t.csv, row 8", "Outcome", "plan_continues cannot be decided at a conference of type initial"),
            ("t.csv, row 9", "Ref", "row 4 holds the same conference, and says otherwise"),
        ] {
            let row = checked.body.split("<tr>").find(|row| row.contains(place)).unwrap_or_else(|| panic!("{place}: {}", checked.body));
            assert!(row.contains(heading) && row.contains(why), "{row}");
        }
        for said in ["Row 11 (C-6): its day lies ahead, and it is left out.", "No conferences, and left out (no date, type or chair): rows 13.", "Chairs that are not known yet, and will be: Chair 1."] {
            assert!(checked.body.contains(said), "{said}: {}", checked.body);
        }
        let taken = step(&mut person, &checked, "take", &[]).await;
        assert!(taken.body.contains("Nothing was taken in"), "{}", taken.body);
        assert_eq!(place.report("2026-01")["conferences"], 0);
        let taken = step(&mut person, &checked, "take", &[("without_refused", "yes")]).await;
        assert!(taken.body.contains("t.csv is taken in"), "{}", taken.body);
        let report = place.report("2026-01");
        assert_eq!(report["conferences"], 1, "C-5 alone: of C-1 nobody knows which row is right, and C-7 was not held");
        assert_eq!(report["silent"], 0);
    }

    async fn a_tracker_that_is_corrected_amends_and_its_references_of_another_year_are_other_conferences(place: Place) {
        let mut person = administrator(&place).await;
        let taken = async |person: &mut Person, rows: &str, heading: &str| {
            let file = format!("Ref,Date,Type,Area,Chair,Social Care,{heading},Outcome\n{rows}");
            let asked = sends(person, &[], Some(("t.csv", file.as_bytes()))).await;
            let said = [("all.start_time", "9:30"), ("all.letters", "whole"), ("all.children", "none"), ("agency.tvp police", "TVP")];
            let checked = step(person, &asked, "check", &said[..if heading == "Police" { 3 } else { 4 }]).await;
            step(person, &checked, "take", &[]).await
        };
        taken(&mut person, "1,07/01/2026,RCPC,North,Chair 1,P,N,plan_continues\n", "Police").await;
        let seen = taken(&mut person, "1,07/01/2026,RCPC,North,Chair 1,P,V,plan_continues\n", "TVP Police").await;
        assert!(seen.body.contains("2 of these amend a confirmed register."), "a tidied heading is no other invitation: {}", seen.body);
        let report = place.report("2026-01");
        assert_eq!((&report["M1"]["numerator"], &report["M1"]["denominator"]), (&2.into(), &2.into()));
        let seen = taken(&mut person, "1,07/01/2025,RCPC,North,Chair 1,P,N,plan_continues\n", "Police").await;
        assert!(seen.body.contains("a tracker brought it before, on 2026-01-07"), "{}", seen.body);
        let seen = taken(&mut person, "X-1,07/01/2026,RCPC,North,Chair 1,P,N,plan_continues\n", "Police").await;
        assert!(seen.body.contains("1 of these look like conferences that are here under another reference (the same day, type and chair), and would count twice: X-1 (1)."), "{}", seen.body);
        assert_eq!(place.report("2026-01")["conferences"], 2, "said, and theirs to decide");
    }

    async fn a_register_that_a_tracker_left_open_sends_no_letter_when_it_is_confirmed(place: Place) {
        let mut person = administrator(&place).await;
        let file = "Ref,Date,Type,Area,Chair,Social Care,Police,GP,Outcome\nC-1,29/09/2026,RCPC,North,Chair 1,P,N,,plan_continues\n";
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let said = [("all.start_time", "9:30"), ("all.letters", "whole"), ("all.children", "none")];
        let checked = step(&mut person, &asked, "check", &said).await;
        assert!(step(&mut person, &checked, "take", &[]).await.body.contains("t.csv is taken in"), "{}", checked.body);
        let site = place.site(LATER).await;
        let mut chair = Person::with_role(&place, &site, "chair").await;
        let page = chair.get("/?day=2026-09-29").await.body;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let mut form = chair.get(&format!("{at}/register")).await.form();
        for (name, attendance) in crate::registers::attendances(&form).iter().zip(["in_person", "absent", "absent"]) {
            set(&mut form, name, attendance);
        }
        assert_eq!(chair.post(&format!("{at}/register"), &form).await.status, 303);
        let shown = chair.get(&format!("{at}/confirm")).await;
        assert!(shown.body.contains("none will be made") && !shown.body.contains("no view of this agency was obtained"), "{}", shown.body);
        let mut form = shown.form();
        set(&mut form, "proceeded", "information_sufficient");
        assert_eq!(chair.post(&format!("{at}/confirm"), &form).await.status, 303);
        place.done_at("2026-09-30T16:50:00Z", &["run-task", "feedback"]);
        assert!(place.outbox().is_empty(), "nobody knows when they were invited");
    }

    async fn of_cells_with_names_the_letter_is_read_and_no_name_is_remembered(place: Place) {
        let mut person = administrator(&place).await;
        let file = "Ref,Date,Type,Area,Chair,Social Care,Police \"\"A\"\",Outcome\nC-1,07/01/2026,RCPC,North,Chair 1,P - Jo Smith,n. Ann Lee,plan_continues\n".replace("Police \"\"A\"\"", "\"Police \"\"A\"\"\"");
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let said = [("all.start_time", "9:30"), ("all.letters", "first"), ("all.children", "none")];
        let checked = step(&mut person, &asked, "check", &said).await;
        let taken = step(&mut person, &checked, "take", &[("forged.name", "x"), ("m-letter_2e_forged", "in_person")]).await;
        assert!(taken.body.contains("t.csv is taken in"), "{}", taken.body);
        let report = place.report("2026-01");
        assert_eq!(report["conferences"], 1, "{}", taken.body);
        assert_eq!((&report["M1"]["numerator"], &report["M1"]["denominator"], &report["silent"]), (&1.into(), &2.into(), &1.into()), "a heading with quotation marks is a column as any");
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        use sea_orm::ConnectionTrait;
        let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), "select name, means from tracker_meaning")).await.unwrap();
        let all: Vec<String> = rows.iter().map(|row| format!("{}={}", row.try_get_by_index::<String>(0).unwrap(), row.try_get_by_index::<String>(1).unwrap())).collect();
        assert!(all.iter().all(|m| !m.contains("smith") && !m.contains("forged") && !m.contains("Chair 1")), "{all:?}");
        assert!(all.contains(&"letter.p=in_person".to_owned()) && asked.form().contains(&(m("all.letters"), "first".to_owned())), "{all:?}");
    }

    async fn a_workbook_with_two_cells_a_million_rows_apart_is_refused_and_harms_nothing(place: Place) {
        let mut person = administrator(&place).await;
        for (cell, why) in [("XFD1048576", "has cells beyond column 200 or row 20000"), ("ZZZZZZZZ99999999999", "annot be read")] {
            let seen = sends(&mut person, &[], Some(("bomb.xlsx", &workbook(cell)))).await;
            assert!(seen.status == 422 && seen.body.contains(why), "{cell}: {}", seen.body);
        }
        assert_eq!(person.get("/imports/tracker").await.status, 200);
    }

    async fn a_conference_that_is_here_with_more_than_a_tracker_knows_stays_as_it_is(place: Place) {
        place.import("2026-09-30T15:30:00Z", &conference("C-1"));
        let before = place.report("2026-09");
        let site = place.site(LATER).await;
        let mut person = Person::with_role(&place, &site, "administrator").await;
        let file = "Ref,Date,Type,Area,Chair,Social Care,Police,Outcome\nC-1,30/09/2026,RCPC,North,Chair 1,N,N,plan_continues\n";
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let said = [("all.start_time", "13:30"), ("all.letters", "whole"), ("all.children", "none")];
        let checked = step(&mut person, &asked, "check", &said).await;
        assert!(checked.body.contains("C-1: left alone, for more is known of it here than a tracker knows."), "{}", checked.body);
        step(&mut person, &checked, "take", &[]).await;
        assert_eq!(place.report("2026-09"), before);
    }

    async fn where_no_child_is_named_no_figure_about_plans_counts(place: Place) {
        let mut person = administrator(&place).await;
        let file = "Ref,Date,Type,Area,Chair,Social Care,Police,Outcome\nC-1,07/01/2026,RCPC,North,Chair 1,P,A,plan_ended_child_in_need\n";
        let asked = sends(&mut person, &[], Some(("t.csv", file.as_bytes()))).await;
        let said = [("all.start_time", "13:30"), ("all.letters", "whole"), ("all.children", "none")];
        let checked = step(&mut person, &asked, "check", &said).await;
        let taken = step(&mut person, &checked, "take", &[]).await;
        assert!(taken.body.contains("t.csv is taken in"), "{}", taken.body);
        let report = place.report("2026-01");
        assert_eq!((&report["M1"]["denominator"], &report["M9"]["denominator"]), (&2.into(), &0.into()));
        let page = person.get("/?day=2026-01-07").await.body;
        let at = regex::Regex::new("/conferences/[0-9a-f-]{36}").unwrap().find(&page).unwrap().as_str().to_owned();
        let page = person.get(&at).await.body;
        assert!(page.contains("A tracker brought this conference") && page.contains("Invited on a day that the tracker does not say"), "{page}");
    }

    async fn a_file_that_is_no_spreadsheet_is_said_to_be_none(place: Place) {
        let mut person = administrator(&place).await;
        for (name, bytes, why) in [
            ("a.xlsx", &b"PK\x03\x04rubbish"[..], "a.xlsx cannot be read"),
            ("a.png", &b"\x89PNG\x0d\x0a\x00\x00"[..], "neither a spreadsheet nor a table"),
            ("a.csv", &b"\n\n"[..], "holds no row"),
        ] {
            let seen = sends(&mut person, &[], Some((name, bytes))).await;
            assert!(seen.status == 422 && seen.body.contains(why), "{}", seen.body);
        }
        assert_eq!(sends(&mut person, &[], None).await.status, 422);
    }
}
