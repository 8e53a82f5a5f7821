//! Page states that no node issued: noise, and states of other reads with bytes changed. They are refused, or the read
//! continues within its own keys and ends. `HENGE_FUZZ=n` runs n times as many rounds; a failure prints its seed.

use crate::PageState;
use crate::cursor::Cursor;
use crate::piece::Piece;
use henge_base::{Bytes, Random};
use henge_fuzz::{change, fuzz, noise};
use henge_model::{Key, KeyRange, Token};

fn allocation_limit(given: usize) -> usize {
    given * 20 + (4 << 10)
}

fn key(random: &mut Random) -> Bytes {
    noise(random, 12).into()
}

fn state(random: &mut Random) -> Vec<u8> {
    let state = PageState {
        piece: random.below(6) as u32,
        remaining: random.next_u64() as u32,
        shown: random.chance(1, 2),
        given: random.below(3) as u32,
        key: key(random),
    };
    let mut bytes = if random.chance(1, 5) { noise(random, 40) } else { state.encode() };
    if random.chance(2, 3) {
        change(random, &mut bytes);
    }
    bytes
}

#[test]
fn what_is_read_of_a_state_is_all_there_is_to_it() {
    fuzz(20_000, allocation_limit, |random| {
        let bytes = state(random);
        if let Ok(state) = PageState::decode(&bytes) {
            assert_eq!(PageState::decode(&state.encode()), Ok(state));
        }
        bytes.len()
    });
}

/// The pieces of a read: in order, as a scan has them, or in any order, as `IN` has them.
fn pieces(random: &mut Random) -> Vec<Piece> {
    let count = random.below(6) as usize;
    let mut keys: Vec<Bytes> = (0..=count).map(|_| key(random)).collect();
    keys.sort();
    let mut pieces: Vec<Piece> = keys
        .windows(2)
        .map(|pair| {
            let (start, end) = (pair[0].clone(), pair[1].clone());
            let run = KeyRange::Run { start, end, reversed: random.chance(1, 3) };
            let keys = if random.chance(1, 4) { KeyRange::One(Key::partition_tombstone(&key(random))) } else { run };
            Piece { token: Token(random.next_u64() as i64), keys }
        })
        .collect();
    if random.chance(1, 2) {
        random.shuffle(&mut pieces);
    }
    pieces
}

fn lies_within(keys: &KeyRange, piece: &KeyRange) -> bool {
    match (keys, piece) {
        (KeyRange::Run { start, end, reversed }, KeyRange::Run { start: low, end: high, reversed: way }) => {
            start >= low && end <= high && start < end && reversed == way
        }
        _ => keys == piece,
    }
}

#[test]
fn a_read_that_goes_on_stays_within_its_pieces() {
    fuzz(
        20_000,
        |given| allocation_limit(given + 1_000),
        |random| {
            let (bytes, pieces) = (state(random), pieces(random));
            let Ok(state) = PageState::decode(&bytes) else { return bytes.len() };
            let mut cursor = Cursor::new(pieces.clone(), random.chance(1, 2), Some(&state));
            let mut steps = 0;
            while let Some((token, keys)) = cursor.next() {
                let of = pieces.iter().find(|piece| piece.token == token && lies_within(&keys, &piece.keys));
                assert!(of.is_some(), "{keys:?} of {pieces:?}");
                match &keys {
                    KeyRange::Run { start, .. } if random.chance(1, 2) => cursor.read_to(start.clone()),
                    _ => cursor.advance(),
                }
                // The read of a range continues only as long as there are keys after the last one read.
                steps += 1;
                assert!(steps <= 20 * (pieces.len() + 1), "no end");
            }
            assert_eq!(cursor.page_state(1, false, 0, b""), None);
            bytes.len()
        },
    );
}
