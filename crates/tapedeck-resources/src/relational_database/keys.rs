//! The keys of a `relational-database`.

use tapedeck_config::schema::{Kind, OBJECT, Object, Pattern, Range};

use super::alarm::ALARM;
use super::logging::LOGGING;
use super::settings::ENGINE;
use crate::shared::alarms::{self, DISABLED_GLOBAL_ALARMS};
use crate::shared::dev::DEV;
use crate::shared::key::{
    defaulting, flag, key, late, number, pattern, required, section, such_as, text, word,
};
use crate::shared::patterns::ADDRESSES;

/// `properties` of a resource of type `relational-database`.
pub(super) static RELATIONAL_DATABASE: Object = Object {
    name: "a relational database",
    doc: "A database that speaks SQL.",
    keys: &[
        required(section("credentials", &CREDENTIALS, "the main user")),
        required(section(
            "engine",
            &ENGINE,
            "which database it is, and on what it runs",
        )),
        section("accessibility", &ACCESSIBILITY, "from where it is reached"),
        flag("deletionProtection", "whether it is kept from being deleted"),
        defaulting(
            "1",
            number(
                "automatedBackupRetentionDays",
                &BACKUP_DAYS,
                "days for which daily backups are kept; 0 for no backups",
            ),
        ),
        such_as(
            "Sun:02:00-Sun:04:00",
            pattern(
                "preferredMaintenanceWindow",
                &WINDOW,
                "when in the week it is patched, in UTC",
            ),
        ),
        LOGGING,
        alarms::alarms(&ALARM),
        DISABLED_GLOBAL_ALARMS,
        DEV,
    ],
    ..OBJECT
};

static CREDENTIALS: Object = Object {
    name: "`credentials`",
    doc: "The main user, whose name and password are in the connection strings.",
    keys: &[
        defaulting(
            "db_master_user",
            late(text(
                "masterUserName",
                "name of the main user; another one makes another database",
            )),
        ),
        such_as(
            "$Secret('database.password')",
            required(late(text(
                "masterUserPassword",
                "password of the main user, best as a `$Secret()`",
            ))),
        ),
    ],
    ..OBJECT
};

static ACCESSIBILITY: Object = Object {
    name: "`accessibility`",
    doc: "From where the database is reached.",
    keys: &[
        defaulting(
            "internet",
            word(
                "accessibilityMode",
                &[
                    "internet",
                    "vpc",
                    "scoping-workloads-in-vpc",
                    "whitelisted-ips-only",
                ],
                "from everywhere, from the network of the stack, from those that list it in `connectTo`, or from some addresses",
            ),
        ),
        flag("forceDisablePublicIp", "whether it has no public address at all"),
        key(
            "whitelistedIps",
            Kind::Patterns(&ADDRESSES),
            "addresses and blocks of addresses that are let in as well",
        ),
    ],
    ..OBJECT
};

/// Source: API reference of RDS, BackupRetentionPeriod.
static BACKUP_DAYS: Range = Range {
    min: 0,
    max: 35,
    advice: "use 0 to 35 days",
};

static WINDOW: Pattern = Pattern {
    name: "a time of the week",
    holds: is_window,
    advice: "use a time in UTC of half an hour or more, such as 'Sun:02:00-Sun:04:00'",
    regex: "^[A-Za-z]{3}:[0-2][0-9]:[0-5][0-9]-[A-Za-z]{3}:[0-2][0-9]:[0-5][0-9]$",
};

fn is_window(text: &str) -> bool {
    const WEEK: u32 = 7 * 24 * 60;
    let minutes = text
        .split_once('-')
        .and_then(|(from, to)| Some((minute_of_week(from)?, minute_of_week(to)?)));
    minutes.is_some_and(|(from, to)| (to + WEEK - from) % WEEK >= 30)
}

fn minute_of_week(text: &str) -> Option<u32> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let mut parts = text.split(':');
    let (day, hour, minute) = (parts.next()?, parts.next()?, parts.next()?);
    let two_digits = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok())?;
    let day = DAYS.iter().position(|one| day.eq_ignore_ascii_case(one))?;
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let is_time = hour < 24 && minute < 60 && parts.next().is_none();
    is_time.then_some((u32::try_from(day).ok()? * 24 + hour) * 60 + minute)
}
