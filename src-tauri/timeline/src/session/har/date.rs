//! Times as HAR has them: ISO 8601 with a time zone.

/// `2026-11-30T00:20:18.123Z`, from milliseconds since 1970-01-01 UTC.
pub fn text(ms: u64) -> String {
    let (days, rest) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil(i64::try_from(days).unwrap_or(i64::MAX / 2));
    let (hours, minutes, seconds) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", rest % 1000)
}

/// The milliseconds since 1970-01-01 UTC of such a text; one with no time zone is in UTC.
pub(in crate::session) fn read(text: &str) -> Option<u64> {
    let (date, time) = text.trim().split_once(['T', ' '])?;
    let mut parts = date.split('-');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (number()?, number()?, number()?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (&time[..at], offset_minutes(&time[at..])?),
        None => (time, 0),
    };
    let mut parts = clock.split(':');
    let mut number = || parts.next()?.parse::<f64>().ok().filter(|number| (0.0..=60.0).contains(number));
    let (hours, minutes, seconds) = (number()?, number()?, number().unwrap_or_default());
    let ms = (hours * 3_600_000.0 + minutes * 60_000.0 + (seconds * 1000.0).round()) as i64;
    u64::try_from(days(year, month, day) * 86_400_000 + ms - offset * 60_000).ok()
}

fn offset_minutes(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let digits: String = text[1..].chars().filter(char::is_ascii_digit).collect();
    let number = |part: Option<&str>| part.map_or(Some(0), |part| part.parse::<i64>().ok());
    let minutes = number(digits.get(..2))? * 60 + number(digits.get(2..4))?;
    Some(if text.starts_with('-') { -minutes } else { minutes })
}

/// Days since 1970-01-01, in the Gregorian calendar; by Howard Hinnant's `days_from_civil`.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The other way round.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_dates() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(read("2009-04-16T12:07:23.596Z"), Some(1_239_883_643_596));
        assert_eq!(read("2009-04-16T14:07:23.596+02:00"), Some(1_239_883_643_596));
        assert_eq!(read("2009-04-16T04:07:23.5964321-0800"), Some(1_239_883_643_596));
        for wrong in ["", "yesterday", "2009-13-01T00:00:00Z", "2009-01-01", "2009-01-01T99:00:00Z"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_written_date_is_read_again(ms in 0..253_402_300_799_000_u64) {
            prop_assert_eq!(read(&text(ms)), Some(ms));
        }

        #[test]
        fn no_text_makes_it_fail(text in "[-0-9TZ+:. é]{0,30}") {
            let _ = read(&text);
        }
    }
}
