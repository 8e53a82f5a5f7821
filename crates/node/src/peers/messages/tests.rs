//! docs/messages.md is as the messages are, and bytes on the wire stay as they are.

use super::backup::BackUp;
use super::data::{BatchMessage, Count, CountReply, Paxos, ReadDigest, ReadRows, Write};
use super::forward::{ForwardWrite, ForwardedWrite, WriteOutcome};
use super::health::HealthCheck;
use super::metadata::{
    Advance, AdvanceReply, Barrier, BarrierReply, Gossip, Probe, ProbeReply, Propose, ProposeReply, Pull, PullReply,
    Shutdown, TimeReply, TimeRequest,
};
use super::plan::{Arrival, ArrivalReply, Debts, DebtsReply};
use super::range_sizes::{RangeSizes, RangeSizesReply};
use super::recall::{Recall, RecallReply};
use super::repair::{RepairMend, RepairOwed, RepairProven, RepairRows, RepairTree};
use super::stream::{
    SourceProgress, StreamFences, StreamFencesReply, StreamPage, StreamPart, StreamProgress, StreamProgressReply,
};
use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Body, Description};
use henge_base::{Bytes, HostId};
use henge_coordinator::Refusal;
use henge_metadata::{
    Answer, Ballots, Command, CommandId, CommandRefusal, EntryHash, Epoch, Position, Question, UnspokenVersion,
    VersionRange,
};
use henge_model::{StorageId, Token, TokenRange};

/// Every message, in the order of their numbers.
const ALL: [Description; 32] = [
    Description::of::<Write>(),
    Description::of::<ReadRows>(),
    Description::of::<ReadDigest>(),
    Description::of::<Gossip>(),
    Description::of::<Paxos>(),
    Description::of::<BatchMessage>(),
    Description::of::<Count>(),
    Description::of::<Probe>(),
    Description::of::<Propose>(),
    Description::of::<Pull>(),
    Description::of::<Advance>(),
    Description::of::<Ballots>(),
    Description::of::<Shutdown>(),
    Description::of::<TimeRequest>(),
    Description::of::<Recall>(),
    Description::of::<Barrier>(),
    Description::of::<ForwardWrite>(),
    Description::of::<ForwardedWrite>(),
    Description::of::<Debts>(),
    Description::of::<WriteOutcome>(),
    Description::of::<Arrival>(),
    Description::of::<StreamPage>(),
    Description::of::<StreamFences>(),
    Description::of::<StreamProgress>(),
    Description::of::<RepairTree>(),
    Description::of::<RepairRows>(),
    Description::of::<RepairMend>(),
    Description::of::<RepairProven>(),
    Description::of::<RepairOwed>(),
    Description::of::<HealthCheck>(),
    Description::of::<BackUp>(),
    Description::of::<RangeSizes>(),
];

#[test]
fn messages_are_as_the_manual_says() {
    let class = |class: Class| match class {
        Class::Control => "control",
        Class::Request => "request",
        Class::Bulk => "bulk",
    };
    let lines = ALL.map(|message| {
        [
            message.kind.number().to_string(),
            format!("`{:?}`", message.kind),
            message.callers.text().to_owned(),
            message.footing.text().to_owned(),
            class(message.class).to_owned(),
            message.bytes_max.to_string(),
            message.reply.to_owned(),
        ]
    });
    let headings = ["Number", "Kind", "Callers", "Processes", "Links", "Bytes at most", "Reply"];
    henge_manual::part("docs/messages.md", "messages", &henge_manual::table(headings, lines));
}

#[test]
fn every_kind_but_the_reply_is_a_message_once() {
    let described: Vec<Kind> = ALL.iter().map(|message| message.kind).collect();
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Reply).collect();
    assert_eq!(described, kinds);
}

/// Bytes as hexadecimal digits, words in quotes.
fn recorded_text(body: &impl Body) -> String {
    let bytes = body.encode();
    let words = bytes.chunk_by(|a, b| a.is_ascii_alphanumeric() && b.is_ascii_alphanumeric());
    let text = |word: &[u8]| match word {
        [_, _, _, ..] => format!("'{}'", String::from_utf8_lossy(word)),
        few => few.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
    };
    words.map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn bodies_have_the_recorded_bytes() {
    let epoch = Epoch { lineage: 1, index: 300 };
    let position = Position { epoch, hash: EntryHash::NONE };
    let host = HostId(uuid::Uuid::from_u128(0x0102));
    let seeds = vec![std::net::SocketAddr::from(([127, 0, 0, 1], 7000))];
    let speaks = VersionRange { lowest: 1, newest: 2 };
    let bytes = Bytes::from_static(&[1, 2]);
    let bodies = [
        recorded_text(&BatchMessage::Keep { created: 5, number: 7, mutations: vec![bytes.clone()] }),
        recorded_text(&BatchMessage::Forget { batches: vec![(5, 7)] }),
        recorded_text(&Count { additions: bytes.clone(), consistency: "ONE".to_owned() }),
        recorded_text(&CountReply::Done),
        recorded_text(&CountReply::Unavailable { required: 2, alive: 1 }),
        recorded_text(&CountReply::Unknown { received: 1, block_for: 2 }),
        recorded_text(&ForwardWrite { number: 7, others: vec![host], mutation: bytes.clone() }),
        recorded_text(&ForwardedWrite { coordinator: host, number: 7, mutation: bytes.clone() }),
        recorded_text(&WriteOutcome { number: 7, replica: host, outcome: Err(Refusal::Full) }),
        recorded_text(&Probe { seeds: seeds.clone() }),
        recorded_text(&ProbeReply { host, seeds: seeds.clone(), epoch: Some(epoch), moved: vec![(host, seeds[0])] }),
        recorded_text(&Propose {
            origin: CommandId::default(),
            command: Command::CreateSystemKeyspaces,
            forwarded: true,
        }),
        recorded_text(&ProposeReply::Agreed { epoch, changed: true }),
        recorded_text(&ProposeReply::Refused(CommandRefusal::Limit("x".to_owned()))),
        recorded_text(&ProposeReply::NotReady("later".to_owned())),
        recorded_text(&Pull { after: position, snapshot: Some((position, 7)) }),
        recorded_text(&PullReply::Entries { entries: vec![bytes.clone()], more: true }),
        recorded_text(&PullReply::Snapshot { position, total: 9, offset: 7, piece: bytes.clone() }),
        recorded_text(&PullReply::Fork(position)),
        recorded_text(&Advance { epoch, entry: Some(bytes) }),
        recorded_text(&AdvanceReply { epoch }),
        recorded_text(&Ballots { position, question: Question::Look }),
        recorded_text(&Answer::Looked(true)),
        recorded_text(&Answer::Rejected(7)),
        recorded_text(&Answer::Elsewhere(position)),
        recorded_text(&Shutdown { generation: 300, lease: 5 }),
        recorded_text(&TimeRequest {}),
        recorded_text(&TimeReply { wall_us: 5, has_jumped: true }),
        recorded_text(&Recall {
            generation: 300,
            lease: 5,
            is_question: true,
            is_accepted: false,
            address: Some(seeds[0]),
            speaks,
        }),
        recorded_text(&RecallReply::Admitted),
        recorded_text(&RecallReply::Older { generation: 300, clock: 5 }),
        recorded_text(&RecallReply::Running),
        recorded_text(&RecallReply::Unspoken(UnspokenVersion { active: 2, speaks })),
        recorded_text(&Barrier { epoch }),
        recorded_text(&BarrierReply { left: 7 }),
        recorded_text(&Debts { plan: 9 }),
        recorded_text(&DebtsReply { serves_clients: false, keeps_batches: true, hints: 7 }),
        recorded_text(&Arrival { plan: 9, epoch }),
        recorded_text(&ArrivalReply { is_level: true, sees_newcomer: false }),
        recorded_text(&StreamPage {
            plan: 9,
            table: StorageId(7),
            tokens: TokenRange { start: Token(-1), end: Token(5) },
            part: StreamPart::Rows,
            after: Some(Bytes::from_static(b"key")),
        }),
        recorded_text(&StreamFences { plan: 9 }),
        recorded_text(&StreamFencesReply { fences: vec![(StorageId(7), 5)], ballots: Vec::new() }),
        recorded_text(&StreamProgress { plan: 9 }),
        recorded_text(&StreamProgressReply {
            ranges_left: 3,
            bytes_done: 5,
            bytes_total_estimate: 300,
            is_done: false,
            sources: vec![SourceProgress { host, bytes_done: 5, bytes_total: 7, bytes_per_second: 300 }],
        }),
        recorded_text(&RangeSizes {
            tables: vec![StorageId(7)],
            ranges: vec![TokenRange { start: Token(-1), end: Token(5) }],
        }),
        recorded_text(&RangeSizesReply { bytes: vec![300], bytes_per_second: 7 }),
    ];
    let expected = [
        "81 a4 'Keep' 83 a7 'created' 05 a6 'number' c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07 a9 'mutations' 91 c4 02 01 02",
        "81 a6 'Forget' 81 a7 'batches' 91 92 05 c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07",
        "82 a9 'additions' c4 02 01 02 ab 'consistency' a3 'ONE'",
        "a4 'Done'",
        "81 ab 'Unavailable' 82 a8 'required' 02 a5 'alive' 01",
        "81 a7 'Unknown' 82 a8 'received' 01 a9 'block' 5f 'for' 02",
        "07 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 02 01 02",
        "00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 02 07 00 00 00 00 00 00 00 01 02",
        "07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 02 04 00 00 00",
        "81 a5 'seeds' 91 81 a2 56 34 92 94 7f 00 00 01 cd 1b 58",
        "84 a4 'host' c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 02 a5 'seeds' 91 81 a2 56 34 92 94 7f 00 00 01 cd 1b 58 \
         a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a5 'moved' 91 92 c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 \
         00 01 02 81 a2 56 34 92 94 7f 00 00 01 cd 1b 58",
        "83 a6 'origin' c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 a7 'command' b5 'CreateSystemKeyspaces' a9 'forwarded' c3",
        "81 a6 'Agreed' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a7 'changed' c3",
        "81 a7 'Refused' 81 a5 'Limit' a1 78",
        "81 a8 'NotReady' a5 'later'",
        "82 a5 'after' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 10 00 00 00 00 00 00 00 00 \
         00 00 00 00 00 00 00 00 a8 'snapshot' 92 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 \
         10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07",
        "81 a7 'Entries' 82 a7 'entries' 91 c4 02 01 02 a4 'more' c3",
        "81 a8 'Snapshot' 84 a8 'position' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 10 00 \
         00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 a5 'total' 09 a6 'offset' 07 a5 'piece' c4 02 01 02",
        "81 a4 'Fork' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 10 00 00 00 00 00 00 00 00 \
         00 00 00 00 00 00 00 00",
        "82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a5 'entry' c4 02 01 02",
        "81 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c",
        "82 a8 'position' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 10 00 00 00 00 00 00 00 \
         00 00 00 00 00 00 00 00 00 a8 'question' a4 'Look'",
        "81 a6 'Looked' c3",
        "81 a8 'Rejected' 07",
        "81 a9 'Elsewhere' 82 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c a4 'hash' c4 10 00 00 00 00 00 00 00 \
         00 00 00 00 00 00 00 00 00",
        "82 aa 'generation' cd 01 2c a5 'lease' 05",
        "80",
        "82 a7 'wall' 5f 75 73 05 aa 'has' 5f 'jumped' c3",
        "86 aa 'generation' cd 01 2c a5 'lease' 05 ab 69 73 5f 'question' c3 ab 69 73 5f 'accepted' c2 a7 'address' 81 a2 56 34 \
         92 94 7f 00 00 01 cd 1b 58 a6 'speaks' 82 a6 'lowest' 01 a6 'newest' 02",
        "a8 'Admitted'",
        "81 a5 'Older' 82 aa 'generation' cd 01 2c a5 'clock' 05",
        "a7 'Running'",
        "81 a8 'Unspoken' 82 a6 'active' 02 a6 'speaks' 82 a6 'lowest' 01 a6 'newest' 02",
        "81 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c",
        "81 a4 'left' 07",
        "81 a4 'plan' 09",
        "83 ae 'serves' 5f 'clients' c2 ad 'keeps' 5f 'batches' c3 a5 'hints' 07",
        "82 a4 'plan' 09 a5 'epoch' 82 a7 'lineage' 01 a5 'index' cd 01 2c",
        "82 a8 69 73 5f 'level' c3 ad 'sees' 5f 'newcomer' c2",
        "85 a4 'plan' 09 a5 'table' 07 a6 'tokens' 82 a5 'start' ff a3 'end' 05 a4 'part' a4 'Rows' a5 'after' c4 03 'key'",
        "81 a4 'plan' 09",
        "82 a6 'fences' 91 92 07 05 a7 'ballots' 90",
        "81 a4 'plan' 09",
        "85 ab 'ranges' 5f 'left' 03 aa 'bytes' 5f 'done' 05 b4 'bytes' 5f 'total' 5f 'estimate' cd 01 2c a7 69 73 5f 'done' c2 \
         a7 'sources' 91 84 a4 'host' c4 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 02 aa 'bytes' 5f 'done' 05 \
         ab 'bytes' 5f 'total' 07 b0 'bytes' 5f 'per' 5f 'second' cd 01 2c",
        "82 a6 'tables' 91 07 a6 'ranges' 91 82 a5 'start' ff a3 'end' 05",
        "82 a5 'bytes' 91 cd 01 2c b0 'bytes' 5f 'per' 5f 'second' 07",
    ];
    assert_eq!(bodies, expected);
}

#[test]
fn entries_travel_as_bytes_and_the_largest_one_fits() {
    let largest = Bytes::from(vec![0xC3; henge_metadata::ENTRY_BYTES]);
    let encoded = PullReply::Entries { entries: vec![largest.clone()], more: true }.encode();
    assert!(encoded.len() < largest.len() + 100, "{} bytes", encoded.len());
    assert_eq!(PullReply::decode(encoded), Ok(PullReply::Entries { entries: vec![largest], more: true }));
}

#[test]
fn what_is_too_large_is_refused_before_it_is_read() {
    assert!(PullReply::decode(Bytes::from(vec![0x90; crate::peers::message::PACKED_BYTES_MAX + 1])).is_err());
}

#[test]
fn forwarded_writes_are_read_back_and_cut_ones_refused() {
    let [one, two] = [1, 2].map(|number| HostId(uuid::Uuid::from_u128(number)));
    let forward = ForwardWrite { number: 1 << 40, others: vec![one, two], mutation: Bytes::from_static(b"rows") };
    assert_eq!(ForwardWrite::decode(forward.encode()), Ok(forward.clone()));
    assert!((0..41).all(|length| ForwardWrite::decode(forward.encode().slice(..length)).is_err()));
    let forwarded = ForwardedWrite { coordinator: one, number: 1 << 40, mutation: Bytes::from_static(b"rows") };
    assert_eq!(ForwardedWrite::decode(forwarded.encode()), Ok(forwarded));
    for outcome in Refusal::ALL.map(Err).into_iter().chain([Ok(())]) {
        let outcome = WriteOutcome { number: 1, replica: two, outcome };
        assert_eq!(WriteOutcome::decode(outcome.encode()), Ok(outcome));
        assert!((0..28).all(|length| WriteOutcome::decode(outcome.encode().slice(..length)).is_err()));
    }
}
