//! The agencies of an invented county, their services and contact points.

/// One agency: code, name, group.
pub(super) const AGENCIES: &[(&str, &str, &str)] = &[
    ("CSC", "Larkshire County Council Children's Social Care", "childrens_social_care"),
    ("EDU", "Larkshire County Council Education Service", "education"),
    ("SCH", "Schools and colleges", "education"),
    ("EY", "Nurseries and early years settings", "early_years"),
    ("LCH", "Larkshire Community Health Trust", "community_health"),
    ("LMH", "Larkshire Mental Health Trust", "mental_health"),
    ("LUH", "Larkshire University Hospitals", "hospital"),
    ("GP", "GP practices", "primary_care"),
    ("POL", "Larkshire Police", "police"),
    ("PRO", "The Probation Service, Larkshire", "probation"),
    ("HOU", "District councils' housing services", "housing"),
    ("ASC", "Larkshire County Council Adult Social Care", "adult_social_care"),
    ("SUB", "Turnstone Drug and Alcohol Service", "substance_misuse"),
    ("YJS", "Larkshire Youth Justice Service", "youth_justice"),
    ("DA", "Harbour Domestic Abuse Service", "domestic_abuse"),
    ("VOL", "Family charities", "voluntary"),
];

/// Who chairs.
pub const CHAIRS: &[&str] = &[
    "Rowan Ashby",
    "Hazel Thornton",
    "Linden Marsh",
    "Bryony Fell",
    "Alder Whitlock",
    "Juniper Vale",
    "Sorrel Banks",
];

const PLACES: &[&str] = &[
    "Abbotsmead",
    "Birchcombe",
    "Coldbrook",
    "Dovesford",
    "Elmhurst",
    "Fernleigh",
    "Goosegreen",
    "Highwold",
    "Inglewood",
    "Kestrel Hill",
    "Longmeadow",
    "Millrace",
    "Nettleham",
    "Oakridge",
    "Pipers Green",
    "Quarry Bank",
    "Rushbrook",
    "Swanmoor",
    "Thistledown",
    "Uplands",
    "Vinery Road",
    "Wheatcroft",
    "Yarrowfield",
    "Ashdene",
];

/// The parts of the county.
pub(super) const LOCALITIES: &[&str] = &["north", "central", "south"];

/// A service that can be invited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Service {
    pub agency: &'static str,
    pub name: String,
    pub role: &'static str,
}

fn part(locality: usize) -> &'static str {
    ["North", "Central", "South"][locality]
}

/// Kinds of services, by what a family needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Need {
    SocialCare,
    HealthVisitor,
    SchoolNurse,
    School(usize),
    Nursery(usize),
    Surgery(usize),
    Police,
    Midwife,
    Camhs,
    AdultMentalHealth,
    DomesticAbuse,
    SubstanceMisuse,
    Housing,
    Probation,
    YouthJustice,
    Hospital,
    AdultSocialCare,
    Charity,
}

/// Schools, nurseries and surgeries of a locality.
pub(super) const SCHOOLS: usize = 16;
pub(super) const NURSERIES: usize = 5;
pub(super) const SURGERIES: usize = 8;

impl Need {
    /// The service of a locality that meets this need.
    pub(super) fn service(self, locality: usize) -> Service {
        let place = |n: usize| PLACES[(n + locality * 8) % PLACES.len()];
        let local =
            |agency, name: &str, role| Service { agency, name: format!("{name} {}", part(locality)), role };
        let whole = |agency, name: &str, role| Service { agency, name: name.to_owned(), role };
        match self {
            Self::SocialCare => local("CSC", "Family Safeguarding", "Lead social worker"),
            Self::HealthVisitor => local("LCH", "Health Visiting", "Health visitor"),
            Self::SchoolNurse => local("LCH", "School Nursing", "School nurse"),
            Self::School(n) => {
                let kind = if n.is_multiple_of(2) { "Primary School" } else { "Academy" };
                whole("SCH", &format!("{} {kind}", place(n / 2)), "Designated safeguarding lead")
            }
            Self::Nursery(n) => whole("EY", &format!("{} Nursery", place(n)), "Nursery manager"),
            Self::Surgery(n) => whole("GP", &format!("{} Surgery", place(n)), "General practitioner"),
            Self::Police => whole("POL", "Child Abuse Investigation Unit", "Officer"),
            Self::Midwife => whole("LUH", "Maternity Safeguarding", "Safeguarding midwife"),
            Self::Camhs => local("LMH", "CAMHS", "CAMHS practitioner"),
            Self::AdultMentalHealth => local("LMH", "Adult Mental Health Team", "Mental health practitioner"),
            Self::DomesticAbuse => whole("DA", "Independent Advisers", "Domestic abuse adviser"),
            Self::SubstanceMisuse => whole("SUB", "Recovery Hub", "Recovery worker"),
            Self::Housing => local("HOU", "Housing Options", "Housing officer"),
            Self::Probation => whole("PRO", "Larkshire Probation Office", "Probation practitioner"),
            Self::YouthJustice => whole("YJS", "Youth Justice Team", "Youth justice practitioner"),
            Self::Hospital => whole("LUH", "Children's Safeguarding Team", "Named nurse"),
            Self::AdultSocialCare => whole("ASC", "Learning Disability Team", "Adult social worker"),
            Self::Charity => whole("VOL", "Lanterns Family Support", "Family support worker"),
        }
    }

    fn all() -> Vec<Self> {
        let mut all = vec![
            Self::SocialCare,
            Self::HealthVisitor,
            Self::SchoolNurse,
            Self::Police,
            Self::Midwife,
            Self::Camhs,
            Self::AdultMentalHealth,
            Self::DomesticAbuse,
            Self::SubstanceMisuse,
            Self::Housing,
            Self::Probation,
            Self::YouthJustice,
            Self::Hospital,
            Self::AdultSocialCare,
            Self::Charity,
        ];
        all.extend((0..SCHOOLS).map(Self::School));
        all.extend((0..NURSERIES).map(Self::Nursery));
        all.extend((0..SURGERIES).map(Self::Surgery));
        all
    }
}

fn domain(agency: &str) -> &'static str {
    match agency {
        "CSC" | "EDU" | "HOU" | "ASC" | "YJS" => "larkshire.gov.example",
        "LCH" | "LMH" | "LUH" | "GP" => "larkshire.nhs.example",
        "POL" => "larkshire.police.example",
        "PRO" => "probation.gov.example",
        "SCH" => "schools.larkshire.gov.example",
        // Not on the list of trusted domains: they are told only that feedback is waiting.
        _ => "families.example",
    }
}

/// The mailbox of a service. A few settings have nothing better than a webmail account.
pub(super) fn mailbox(service: &Service) -> String {
    let name = service.name.to_lowercase().replace([' ', '\''], "-");
    match service.name.as_str() {
        "Millrace Nursery" | "Goosegreen Nursery" => format!("{name}@hotmail.example"),
        "Rushbrook Surgery" => "reception@larkshire.nhs.example".to_owned(),
        _ => format!("{name}@{}", domain(service.agency)),
    }
}

fn csv(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes a row");
    for row in rows {
        writer.write_record(row).expect("memory takes a row");
    }
    writer.into_inner().expect("memory takes a row")
}

/// `agencies.csv`.
pub fn agencies_csv() -> Vec<u8> {
    let header = ["agency_code", "agency_name", "agency_group", "valid_from", "valid_to", "successor_code"];
    let own = AGENCIES
        .iter()
        .map(|(code, name, group)| [*code, *name, *group, "", "", ""].map(str::to_owned).to_vec());
    let gone =
        ["CCG", "Larkshire Clinical Commissioning Group", "primary_care", "2013-04-01", "2022-06-30", "GP"];
    csv(&header, own.chain([gone.map(str::to_owned).to_vec()]))
}

/// `contacts.csv`: a mailbox for each service, a safeguarding lead and a head of service for each agency.
pub fn contacts_csv() -> Vec<u8> {
    let header = ["agency_code", "service", "contact_name", "role", "email", "is_safeguarding_lead"];
    let mut services: Vec<Service> = (0..LOCALITIES.len())
        .flat_map(|l| Need::all().into_iter().map(move |need| need.service(l)))
        .collect();
    services.sort();
    services.dedup();
    let points = services.iter().map(|s| {
        let email = mailbox(s);
        [s.agency, &s.name, "", s.role, &email, "no"].map(str::to_owned).to_vec()
    });
    let leads = AGENCIES.iter().filter(|(code, ..)| !matches!(*code, "CSC" | "EY")).map(|(code, ..)| {
        let email = format!("safeguarding-{}@{}", code.to_lowercase(), domain(code));
        [code, "", "", "Safeguarding lead", &email, "yes"].map(str::to_owned).to_vec()
    });
    let heads = AGENCIES.iter().filter(|(code, ..)| !matches!(*code, "EY" | "VOL")).map(|(code, ..)| {
        let email = format!("head-of-service-{}@{}", code.to_lowercase(), domain(code));
        [code, "", "", "Head of service", &email, "no"].map(str::to_owned).to_vec()
    });
    csv(&header, points.chain(leads).chain(heads))
}
