//! Timeuuids, timestamps and dates, and conversions between them.

use crate::calendar::DAY_MS;
use crate::context::BindContext;
use crate::error::Error;
use henge_base::Micros;
use henge_model::DataType;

/// The number of 100-nanosecond steps between 1582-10-15 and 1970-01-01.
const UUID_EPOCH: i64 = 0x01b2_1dd2_1381_4000;

/// A version 1 UUID of that time. `random` gives the steps below a microsecond, the clock sequence and the node id.
pub(crate) fn timeuuid(now_us: Micros, random: [u8; 16]) -> [u8; 16] {
    let steps = now_us.wrapping_mul(10).wrapping_add(i64::from(random[0] % 10)).wrapping_add(UUID_EPOCH);
    let mut rest = [0; 8];
    rest.copy_from_slice(&random[8..]);
    rest[0] = rest[0] & 0x3f | 0x80;
    // Random node ids have the multicast bit set, which no network card's has.
    rest[2] |= 1;
    assemble(steps, rest)
}

/// The start of 2010, in microseconds since 1970. Paths of prepended elements count backwards from it, as in Cassandra.
const PREPEND_REFERENCE_US: Micros = 1_262_304_000_000_000;

/// The path of an element appended to a list. It comes after all earlier appends, in a batch also after those of
/// earlier statements. `element` is the number of elements that the statement appends before this one.
pub(crate) fn append_path(context: &BindContext<'_>, element: u32) -> [u8; 16] {
    list_path(steps_of(context.now_us) + i64::from(element >> 16), context.statement, element as u16, context.seed)
}

/// The path of an element prepended to a list. It comes before all earlier prepends. `element` is the number of
/// elements that the statement puts between this one and the present first element.
pub(crate) fn prepend_path(context: &BindContext<'_>, element: u32) -> [u8; 16] {
    let backwards = steps_of((2 * PREPEND_REFERENCE_US).saturating_sub(context.now_us));
    list_path(
        backwards - i64::from(element >> 16),
        u16::MAX - context.statement,
        u16::MAX - element as u16,
        context.seed,
    )
}

/// A time in steps of 100 nanoseconds since 1582-10-15, the unit of timeuuids.
fn steps_of(now_us: Micros) -> i64 {
    now_us.wrapping_mul(10).wrapping_add(UUID_EPOCH)
}

/// The path of a list element: a timeuuid whose last bytes, which compare as signed, number the elements within one step.
fn list_path(steps: i64, statement: u16, element: u16, seed: u64) -> [u8; 16] {
    // 14 bits of the statement and 16 of the element. The two bits above them hold the UUID variant.
    let number = (u32::from(statement & 0x3fff) << 16 | u32::from(element)).to_be_bytes();
    let random = seed.to_be_bytes();
    let signed = |byte: u8| byte ^ 0x80;
    let rest = [
        0x80 | number[0],
        signed(number[1]),
        signed(number[2]),
        signed(number[3]),
        random[0],
        random[1],
        random[2],
        random[3],
    ];
    assemble(steps, rest)
}

fn assemble(steps: i64, rest: [u8; 8]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&(steps as u32).to_be_bytes());
    bytes[4..6].copy_from_slice(&((steps >> 32) as u16).to_be_bytes());
    bytes[6..8].copy_from_slice(&((steps >> 48) as u16 & 0x0fff | 0x1000).to_be_bytes());
    bytes[8..].copy_from_slice(&rest);
    bytes
}

/// The lowest or highest timeuuid of a timestamp's millisecond. The last eight bytes compare as signed.
pub(crate) fn timeuuid_bound(timestamp: &[u8], highest: bool) -> Result<Vec<u8>, Error> {
    let milliseconds = long(timestamp)?;
    let steps =
        milliseconds.wrapping_mul(10_000).wrapping_add(UUID_EPOCH).wrapping_add(if highest { 9_999 } else { 0 });
    Ok(assemble(steps, [if highest { 0x7f } else { 0x80 }; 8]).to_vec())
}

/// The milliseconds since 1970 of a timeuuid, timestamp or date.
pub(crate) fn milliseconds(from: &DataType, value: &[u8]) -> Result<i64, Error> {
    match (from, value.len()) {
        (DataType::Timeuuid, 16) => {
            let high = (i64::from(value[6] & 0x0f) << 56) | (i64::from(value[7]) << 48);
            let middle = (i64::from(value[4]) << 40) | (i64::from(value[5]) << 32);
            let low = i64::from(u32::from_be_bytes([value[0], value[1], value[2], value[3]]));
            Ok(((high | middle | low) - UUID_EPOCH) / 10_000)
        }
        (DataType::Date, 4) => {
            let days = i64::from(u32::from_be_bytes([value[0], value[1], value[2], value[3]])) - (1 << 31);
            Ok(days * DAY_MS)
        }
        _ => long(value),
    }
}

/// The encoded date of a time in milliseconds since 1970.
pub(crate) fn date(milliseconds: i64) -> Vec<u8> {
    let days = milliseconds.div_euclid(DAY_MS) + (1 << 31);
    u32::try_from(days.max(0)).unwrap_or(u32::MAX).to_be_bytes().to_vec()
}

fn long(value: &[u8]) -> Result<i64, Error> {
    let bytes = value.try_into().map_err(|_| Error::invalid("an empty value cannot be converted"))?;
    Ok(i64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeuuid_keeps_its_time() {
        let now = 1_700_000_000_123_456;
        let id = timeuuid(now, [0xff; 16]);
        assert_eq!(id[6] >> 4, 1);
        assert_eq!(id[8] >> 6, 2);
        assert_eq!(milliseconds(&DataType::Timeuuid, &id).unwrap(), now / 1_000);
        assert_eq!(DataType::Timeuuid.validate(&id), Ok(()));
    }

    #[test]
    fn places_of_a_list_follow_one_another() {
        let at = |now_us, statement| BindContext {
            values: &[],
            timestamp: 0,
            now_us,
            now_seconds: 0,
            before: None,
            statement,
            seed: 7,
            guard: Default::default(),
        };
        let now = 1_700_000_000_123_456;
        let appended_at = |now, statement, element| append_path(&at(now, statement), element);
        let prepended_at = |now, statement, element| prepend_path(&at(now, statement), element);
        let order = [
            prepended_at(now + 1, 0, 1),
            prepended_at(now + 1, 0, 0),
            prepended_at(now, 0, 65_536),
            prepended_at(now, 4, 0),
            prepended_at(now, 0, 65_535),
            prepended_at(now, 0, 300),
            prepended_at(now, 0, 0),
            appended_at(now, 0, 0),
            appended_at(now, 0, 127),
            appended_at(now, 0, 128),
            appended_at(now, 0, 65_535),
            appended_at(now, 4, 0),
            appended_at(now, 0, 65_536),
            appended_at(now + 1, 0, 0),
        ];
        for pair in order.windows(2) {
            assert!(DataType::Timeuuid.compare(&pair[0], &pair[1]).is_lt(), "{pair:?}");
        }
        assert!(order.iter().all(|place| DataType::Timeuuid.validate(place).is_ok()));
    }

    #[test]
    fn bounds_enclose_the_millisecond() {
        let at = 1_700_000_000_123i64;
        let (low, high) =
            (timeuuid_bound(&at.to_be_bytes(), false).unwrap(), timeuuid_bound(&at.to_be_bytes(), true).unwrap());
        let id = timeuuid(at * 1_000 + 999, [0x55; 16]);
        assert!(DataType::Timeuuid.compare(&low, &id).is_lt());
        assert!(DataType::Timeuuid.compare(&high, &id).is_gt());
    }

    #[test]
    fn dates_before_the_epoch() {
        assert_eq!(date(-1), (0x7fff_ffffu32).to_be_bytes());
        assert_eq!(milliseconds(&DataType::Date, &date(-1)).unwrap(), -DAY_MS);
    }
}
