use super::*;

fn approved(mut batch: Batch, approve: &Approve, manifest: &Manifest) -> Result<Idempotent, BatchRefusal> {
    batch.approve(approve, manifest, &as_shown(manifest), start())
}

fn refused(batch: &mut Batch, approve: &Approve, manifest: &Manifest) -> BatchRefusal {
    let before = batch.clone();
    let refusal = batch.approve(approve, manifest, &as_shown(manifest), start()).unwrap_err();
    assert_eq!(*batch, before, "a refused approval changes nothing");
    refusal
}

#[test]
fn an_approval_that_names_what_is_there_opens_the_first_round() {
    let mut batch = ready();
    let manifest = manifest(AccountStanding::Known);
    let outcome = batch.approve(&approval(), &manifest, &as_shown(&manifest), start());
    assert_eq!(outcome, Ok(Idempotent::Executed));
    assert_eq!((batch.state, batch.rounds, batch.due_at), (BatchState::Importing, 1, Some(start())));
    assert_eq!(batch.approval.unwrap().by, "approver");
}

#[test]
fn a_repeat_by_the_same_person_of_the_same_is_recognized_before_anything_else_is_checked() {
    let manifest = manifest(AccountStanding::New);
    let again = Approve { total: Cents::ZERO, ..approval() };
    for state in [BatchState::Importing, BatchState::Paying, BatchState::Completed] {
        let mut batch = in_state(state);
        let outcome = batch.approve(&again, &manifest, &as_shown(&manifest), start());
        assert_eq!((outcome, batch), (Ok(Idempotent::AlreadyApplied), in_state(state)));
    }
}

#[test]
fn an_approval_that_was_somebody_elses_or_of_something_else_is_not_answered_as_ones_own() {
    let manifest = manifest(AccountStanding::Known);
    let others = [
        Approve { by: "somebody".to_owned(), ..approval() },
        Approve { manifest_hash: "another".to_owned(), ..approval() },
    ];
    for state in [BatchState::Importing, BatchState::Paying, BatchState::Completed] {
        for other in &others {
            let refusal = refused(&mut in_state(state), other, &manifest);
            let told = BatchRefusal::ApprovedBefore { by: "approver".to_owned(), manifest_hash: "hash-1".to_owned() };
            assert_eq!(refusal, told, "{state:?}");
        }
    }
}

#[test]
fn a_summary_made_again_makes_the_hash_seen_before_stale() {
    let mut batch = ready();
    assert_eq!(batch.summarized(head("hash-2"), start()), Ok(Idempotent::Executed));
    let refusal = refused(&mut batch, &approval(), &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::StaleManifest);
}

#[test]
fn the_total_named_has_to_be_the_files() {
    let named = Cents::new(4_999);
    let refusal = refused(&mut ready(), &Approve { total: named, ..approval() }, &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::OtherTotal { named, total: TOTAL });
}

#[test]
fn a_control_total_given_at_upload_has_to_be_the_files() {
    let control = Cents::new(5_001);
    let mut batch = Batch { control_total: Some(control), ..ready() };
    let refusal = refused(&mut batch, &approval(), &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::ControlTotal { control, total: TOTAL });

    let batch = Batch { control_total: Some(TOTAL), ..ready() };
    assert_eq!(approved(batch, &approval(), &manifest(AccountStanding::Known)), Ok(Idempotent::Executed));
}

#[test]
fn the_uploader_approves_only_where_the_company_allows_it() {
    let own = Approve { by: "uploader".to_owned(), ..approval() };
    let refusal = refused(&mut ready(), &own, &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::ApproverIsUploader);

    let allowed = Approve { uploader_may_approve: true, ..own };
    assert_eq!(approved(ready(), &allowed, &manifest(AccountStanding::Known)), Ok(Idempotent::Executed));
}

#[test]
fn an_uploader_decides_about_their_file_only_where_the_company_allows_it() {
    let decide = |by: &str, allowed| in_state(BatchState::Completed).may_decide(by, allowed);
    assert_eq!(decide("uploader", false), Err(BatchRefusal::ApproverIsUploader));
    assert_eq!((decide("uploader", true), decide("approver", false)), (Ok(()), Ok(())));
}

/// A manifest of before does not say what was decided about the other batch: it has to be seen anew.
#[test]
fn an_overlap_of_before_is_read_and_is_not_what_is_true_now() {
    let of_before = serde_json::json!({ "batch_id": id(2), "rows": 1, "canonical_hash": "other" });
    let of_before: Overlap = serde_json::from_value(of_before).unwrap();
    let now = Overlap { rounds: Some(1), ..of_before.clone() };
    assert_ne!(of_before.acknowledgement(), now.acknowledgement());
}

#[test]
fn whoever_had_the_file_summarized_does_not_approve_it() {
    let mut batch = ready();
    assert_eq!(batch.count_uploader("uploader"), Idempotent::AlreadyApplied, "made the batch");
    assert_eq!(batch.count_uploader("approver"), Idempotent::Executed);
    assert_eq!(batch.count_uploader("approver"), Idempotent::AlreadyApplied);
    let refusal = refused(&mut batch, &approval(), &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::ApproverIsUploader);

    let third = Approve { by: "third".to_owned(), ..approval() };
    assert_eq!(approved(batch, &third, &manifest(AccountStanding::Known)), Ok(Idempotent::Executed));
}

#[test]
fn only_who_made_a_draft_puts_its_file_and_only_before_it_is_approved() {
    assert_eq!(ready().may_upload("uploader"), Ok(()));
    assert_eq!(ready().may_upload("somebody"), Err(BatchRefusal::NotTheCreator));
    let approved = in_state(BatchState::Importing).may_upload("uploader");
    assert!(matches!(approved, Err(BatchRefusal::WrongState { .. })));
}

#[test]
fn what_became_true_after_the_summary_is_refused_whatever_is_accepted() {
    let manifest = manifest(AccountStanding::Known);
    let canonical_hash = "other".to_owned();
    let unseen = Acknowledgement::Overlap { batch_id: id(2), rows: 20, canonical_hash, rounds: Some(1) };
    let now = Circumstances { to_acknowledge: [unseen.clone()].into(), ..Circumstances::default() };
    let accepting = Approve { accepted: Accepted { overlaps: [id(2)].into(), ..Accepted::default() }, ..approval() };
    let refusal = ready().approve(&accepting, &manifest, &now, start());
    assert_eq!(refusal, Err(BatchRefusal::NotShown(vec![unseen.clone()])));
    assert_eq!(ready().obstacles(&manifest, &now), [BatchRefusal::NotShown(vec![unseen])]);
}

#[test]
fn everything_that_refuses_any_approval_is_named_at_once() {
    let control = Cents::new(5_001);
    let source =
        ManifestSource { payable_total: LARGEST_ENTRY.plus(Cents::new(1)).unwrap(), ..source(AccountStanding::Known) };
    let manifest = Manifest { sources: vec![source], ..manifest(AccountStanding::Known) };
    let now = Circumstances { same_payments: Some(id(2)), ..as_shown(&manifest) };
    let batch = Batch { control_total: Some(control), ..ready() };
    let expected = [
        BatchRefusal::ControlTotal { control, total: TOTAL },
        BatchRefusal::SourceTotalTooLarge { source_id: "CORP-1".to_owned() },
        BatchRefusal::SamePayments { earlier: id(2) },
    ];
    assert_eq!(batch.obstacles(&manifest, &now), expected);
}

#[test]
fn new_and_changed_accounts_have_to_be_named() {
    for standing in [AccountStanding::New, AccountStanding::Changed] {
        let naming = |fingerprint: &str| Approve {
            accepted: Accepted { accounts: [fingerprint.to_owned()].into(), ..Accepted::default() },
            ..approval()
        };
        let other = naming("fingerprint-2");
        let needed = source(standing).acknowledgement();
        let refusal = refused(&mut ready(), &other, &manifest(standing));
        assert_eq!(refusal, BatchRefusal::NotAcknowledged(vec![needed]), "{standing:?}");

        let outcome = approved(ready(), &naming("fingerprint-1"), &manifest(standing));
        assert_eq!(outcome, Ok(Idempotent::Executed), "{standing:?}");
    }
}

#[test]
fn overlapping_batches_have_to_be_named_each() {
    let overlap = |batch_id| Overlap {
        batch_id,
        rows: 1,
        pay_period: None,
        approved_at: None,
        rounds: Some(0),
        canonical_hash: "other".to_owned(),
    };
    let manifest = Manifest { overlaps: [id(2), id(3)].map(overlap).to_vec(), ..manifest(AccountStanding::Known) };
    let naming = |overlaps: &[BatchId]| Approve {
        accepted: Accepted { overlaps: overlaps.iter().copied().collect(), ..Accepted::default() },
        ..approval()
    };
    let needed = overlap(id(3)).acknowledgement();
    assert_eq!(refused(&mut ready(), &naming(&[id(2)]), &manifest), BatchRefusal::NotAcknowledged(vec![needed]));
    assert_eq!(approved(ready(), &naming(&[id(2), id(3)]), &manifest), Ok(Idempotent::Executed));
}

#[test]
fn a_source_pays_no_more_than_one_entry_can_carry() {
    let with_total = |payable_total| {
        let source = ManifestSource { payable_total, ..source(AccountStanding::Known) };
        Manifest { sources: vec![source], ..manifest(AccountStanding::Known) }
    };
    let too_large = with_total(LARGEST_ENTRY.plus(Cents::new(1)).unwrap());
    let refusal = refused(&mut ready(), &approval(), &too_large);
    assert_eq!(refusal, BatchRefusal::SourceTotalTooLarge { source_id: "CORP-1".to_owned() });
    assert_eq!(approved(ready(), &approval(), &with_total(LARGEST_ENTRY)), Ok(Idempotent::Executed));
}
