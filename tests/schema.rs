//! The schema defends the invariants too, whatever the program does.

use sea_orm::ConnectionTrait;

use crate::both;
use crate::harness::log::{EVENING, conference};

both! {
    async fn the_database_refuses_what_the_rules_exclude(place: Place) {
        let mut rows = conference("C-1");
        rows[2] = rows[2].clone().absent();
        place.import(EVENING, &rows);
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        for statement in [
            "update invitation set attendance = 'teleported'",
            "update invitation set by_deputy = true where attendance = 'absent'",
            "update invitation set left_at = '2026-09-30T12:00:00+00:00', joined_at = '2026-09-30T13:00:00+00:00'",
            "update invitation set report = 'none', report_received_on = '2026-09-01'",
            "update invitation set role = 'same', service_id = (select min(id) from service)",
            "update conference set status = 'adjourned'",
            "update conference set decision_at = '2020-01-01T00:00:00+00:00'",
            "update register set feedback = 'perhaps'",
            "update audit_head set id = 2",
            "delete from service",
            "insert into bank_holiday_change (date, is_holiday, name) values ('2023-05-08', true, 'again')",
        ] {
            // PostgreSQL has no min(uuid); the uniqueness is then tried with a plain limit.
            let statement = statement.replace("(select min(id) from service)", "(select id from service order by id limit 1)");
            assert!(db.execute_unprepared(&statement).await.is_err(), "{statement} was taken");
        }
    }

    async fn migrating_again_changes_nothing(place: Place) {
        place.import(EVENING, &conference("C-1"));
        let said = place.run(&["migrate"]);
        assert_eq!(said.out.trim(), "The schema is up to date.");
        assert_eq!(place.report("2026-09")["invitations"], 4);
    }
}

#[test]
fn two_processes_may_migrate_an_empty_database_at_once() {
    let Some(place) = crate::harness::Place::postgres() else { return };
    let url = place.url.replace("/test_", "/empty_test_");
    let name = url.rsplit('/').next().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = sea_orm::Database::connect(&place.url).await.unwrap();
        db.execute_unprepared(&format!("create database {name}")).await.unwrap();
    });
    let children: Vec<_> = (0..4)
        .map(|_| {
            place
                .command(&["migrate"])
                .env("QUORATE__DATABASE__URL", &url)
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A database of the first schema, with a chair's account and its session in it, migrated.
async fn migrate_from_the_first_schema(url: &str) {
    let sqlite = url.starts_with("sqlite");
    let mut options =
        sea_orm::ConnectOptions::new(if sqlite { format!("{url}?mode=rwc") } else { url.to_owned() });
    options.max_connections(1);
    let db = sea_orm::Database::connect(options).await.unwrap();
    migrations::up_to(&db, 1).await.unwrap();
    let uuid = |byte: &str| {
        if sqlite { format!("x'{}'", byte.repeat(16)) } else { format!("'{}'", byte.repeat(16)) }
    };
    let bytes = if sqlite { "x'00'" } else { r"'\x00'" };
    let (chair, account) = (uuid("01"), uuid("02"));
    let (agency, service, met, invited, item, letter) =
        (uuid("03"), uuid("04"), uuid("05"), uuid("06"), uuid("07"), uuid("08"));
    let at = "'2026-11-22T10:00:00+00:00'";
    for statement in [
        format!("insert into chair (id, name) values ({chair}, 'Chair 1')"),
        format!(
            "insert into account (id, email, name, role, chair_id, password_hash, created_at, failures) \
             values ({account}, 'a@b.example', 'A', 'chair', {chair}, 'hash', '2026-11-22T10:00:00+00:00', 0)"
        ),
        format!(
            "insert into session (id, account_id, data, expires_at) \
             values ({bytes}, {account}, {bytes}, '2026-11-23T10:00:00+00:00')"
        ),
        format!(
            "insert into agency (id, code, name, agency_group) values ({agency}, 'OH', 'Health', 'community_health')"
        ),
        format!("insert into service (id, agency_id, name) values ({service}, {agency}, 'Health visiting')"),
        format!(
            "insert into conference (id, reference, conference_ref, kind, status, conference_date, starts_at, locality, mode, \
             chair_id, restricted, version) values ({met}, 'AAAA-AAAA', 'C-1', 'review', 'scheduled', '2026-11-25', {at}, \
             'north', 'video', {chair}, false, 1)"
        ),
        format!(
            "insert into invitation (id, conference_id, service_id, role, necessity, walk_in, delivery, response, by_deputy, \
             report) values ({invited}, {met}, {service}, 'Health visitor', 'core', false, 'sent', 'none', false, 'none')"
        ),
        format!(
            "insert into feedback (id, invitation_id, kind, version, wording, basis, state, made_at) \
             values ({item}, {invited}, 'absence', 1, 'no_answer', '{{}}', 'posted', {at})"
        ),
        format!(
            "insert into outbox (id, kind, about_id, recipient, message_id, message, state, attempts, due_at, posted_at, \
             may_have_been_delivered) values ({letter}, 'no_answer', {item}, 'a@b.example', '<1@b>', {bytes}, 'waiting', 0, \
             {at}, {at}, false)"
        ),
    ] {
        db.execute_unprepared(&statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    }
    assert!(migrations::up(&db).await.unwrap() >= 1);
    let of = |sql: &str| sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let kept = "select a.email from account a join chair c on c.id = a.chair_id";
    let kept = db.query_all_raw(of(kept)).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].try_get::<String>("", "email").unwrap(), "a@b.example");
    let letter = "select o.recipient, o.is_notice from outbox o join feedback f on f.id = o.about_id";
    let letter = db.query_all_raw(of(letter)).await.unwrap();
    assert_eq!(letter.len(), 1, "a letter that waits outlives it too");
    assert_eq!(letter[0].try_get::<String>("", "recipient").unwrap(), "a@b.example");
    assert!(!letter[0].try_get::<bool>("", "is_notice").unwrap());
    db.execute_unprepared("update feedback set state = 'withheld'").await.unwrap();
    let keeper = "update account set role = 'system_administrator', chair_id = null";
    db.execute_unprepared(keeper).await.unwrap();
    assert!(db.execute_unprepared("update account set role = 'king'").await.is_err());
    if sqlite {
        assert!(db.query_all_raw(of("pragma foreign_key_check")).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_account_of_the_first_schema_outlives_the_migration() {
    let place = crate::harness::Place::sqlite();
    migrate_from_the_first_schema(&place.url).await;
    if crate::harness::postgres::database().is_some() {
        migrate_from_the_first_schema(&crate::harness::postgres::empty_database()).await;
    }
}

/// The queries that run every few seconds, or that history lengthens, as the program sends them.
const OFTEN_OR_LONG: &[&str] = &[
    "select conference_id from register where feedback = ? and confirmed_at <= ? order by confirmed_at",
    "select * from outbox where state = ? and due_at <= ? and digest_id is null order by posted_at, id limit 8",
    "select id, recipient from outbox where state = ? and kind in (?, ?) and due_at <= ? and digest_id is null order by posted_at",
    "select id, about_id from outbox where digest_id in (?, ?) order by posted_at",
    "update outbox set state = ? where lease_until < ?",
    "select id from outbox where state = ? and held_up = ? and due_at > ?",
    "select due_since from outbox where state = ? order by due_since limit 1",
    "select due_since, sent_at from outbox where state = ? and posted_at >= ?",
    "select id from outbox where state = ? order by posted_at desc, id desc limit 50",
    "select id from outbox where posted_at <= ? and (posted_at < ? or id < ?) order by posted_at desc, id desc limit 50",
    "select id from outbox where message_id = ? and bounced_at is null",
    "select * from task_run where task = ? and due_at = ?",
    "select * from task_run where task = ? order by due_at desc limit 1",
    "select * from task_run order by started_at desc, id desc limit 50",
    "select * from conference where conference_date between ? and ? order by starts_at, id",
    "select c.child_key, o.id, r.conference_id from conference_child c join conference o on o.id = c.conference_id \
     left join register r on r.conference_id = c.conference_id where c.child_key in (select those.child_key from \
     conference_child those where those.conference_id in (select id from conference where conference_date between ? and ?))",
    "select * from invitation where conference_id in (?, ?) order by id",
    "select * from invitation i where conference_id in (select id from conference where conference_date between ? and ?) \
     and (attendance = ? or exists (select 1 from conference where id = i.conference_id and decision_at is null) \
     or exists (select 1 from feedback where invitation_id = i.id))",
    "select * from feedback where state = ? order by made_at",
    "select * from feedback where invitation_id in (?, ?) order by made_at, version",
    "select about_id, sent_at from outbox where about_id in (select id from feedback where kind = ? and invitation_id in \
     (select id from invitation where conference_id in (select id from conference where conference_date between ? and ?))) \
     and sent_at is not null",
    "select step_id from ladder_cause l join invitation i on i.id = l.invitation_id join conference c on c.id = i.conference_id \
     where l.step_id in (?, ?) and c.restricted = ?",
    "select * from ladder_step where id in (select id from ladder_step where state in (?, ?, ?) union \
     select id from ladder_step where proposed_at >= ? union select id from ladder_step where decided_at >= ? union \
     select id from ladder_step where ended_at >= ?)",
];

#[tokio::test]
async fn what_runs_often_or_grows_with_history_goes_by_an_index() {
    let place = crate::harness::Place::sqlite();
    place.import(EVENING, &conference("C-1"));
    let db = sea_orm::Database::connect(&place.url).await.unwrap();
    for query in OFTEN_OR_LONG {
        let plan = format!("explain query plan {query}");
        let plan = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, plan);
        for row in db.query_all_raw(plan).await.unwrap() {
            let step: String = row.try_get("", "detail").unwrap();
            let through = step.starts_with("SCAN") && !step.contains(" USING ");
            assert!(!through, "{query}: {step}");
        }
    }
}

/// Of a few rows PostgreSQL reads all, whatever there is: forbidden that, it still does where no index fits.
#[tokio::test]
async fn what_runs_often_or_grows_with_history_has_its_index_on_postgresql_too() {
    let Some(place) = crate::harness::Place::postgres() else { return };
    place.import(EVENING, &conference("C-1"));
    let mut alone = sea_orm::ConnectOptions::new(&place.url);
    alone.max_connections(1);
    let db = sea_orm::Database::connect(alone).await.unwrap();
    db.execute_unprepared("set enable_seqscan = off; set plan_cache_mode = force_generic_plan")
        .await
        .unwrap();
    for (n, query) in OFTEN_OR_LONG.iter().enumerate() {
        let mut parts = query.split('?');
        let first = parts.next().unwrap().to_owned();
        let numbered = parts.zip(1..).fold(first, |query, (part, n)| format!("{query}${n}{part}"));
        let nulls = vec!["null"; query.matches('?').count()].join(", ");
        let nulls = if nulls.is_empty() { nulls } else { format!("({nulls})") };
        db.execute_unprepared(&format!("prepare q{n} as {numbered}")).await.unwrap();
        let plan = format!("explain execute q{n} {nulls}");
        let plan = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, plan);
        for row in db.query_all_raw(plan).await.unwrap() {
            let step: String = row.try_get("", "QUERY PLAN").unwrap();
            assert!(!step.contains("Seq Scan"), "{query}: {step}");
        }
    }
}
