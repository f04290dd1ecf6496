use super::*;

fn refused(batch: &mut Batch, approve: &Approve, manifest: &Manifest) -> BatchRefusal {
    let before = batch.clone();
    let refusal = batch.approve(approve, manifest, start()).unwrap_err();
    assert_eq!(*batch, before, "a refused approval changes nothing");
    refusal
}

#[test]
fn an_approval_that_names_what_is_there_opens_the_first_round() {
    let mut batch = ready();
    let outcome = batch.approve(&approval(), &manifest(AccountStanding::Known), start());
    assert_eq!(outcome, Ok(Command::Executed));
    assert_eq!((batch.state, batch.rounds, batch.due_at), (BatchState::Importing, 1, Some(start())));
    assert_eq!(batch.approval.unwrap().by, "approver");
}

#[test]
fn a_repeat_is_recognised_before_anything_else_is_checked() {
    let stale =
        Approve { manifest_hash: "another".to_owned(), total: Cents::ZERO, by: "uploader".to_owned(), ..approval() };
    for state in [BatchState::Importing, BatchState::Paying, BatchState::Completed] {
        let mut batch = in_state(state);
        let outcome = batch.approve(&stale, &manifest(AccountStanding::New), start());
        assert_eq!((outcome, batch), (Ok(Command::AlreadyApplied), in_state(state)));
    }
}

#[test]
fn a_summary_made_again_makes_the_hash_seen_before_stale() {
    let mut batch = ready();
    assert_eq!(batch.summarized(head("hash-2")), Ok(Command::Executed));
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

    let mut batch = Batch { control_total: Some(TOTAL), ..ready() };
    let outcome = batch.approve(&approval(), &manifest(AccountStanding::Known), start());
    assert_eq!(outcome, Ok(Command::Executed));
}

#[test]
fn the_uploader_approves_only_where_the_company_allows_it() {
    let own = Approve { by: "uploader".to_owned(), ..approval() };
    let refusal = refused(&mut ready(), &own, &manifest(AccountStanding::Known));
    assert_eq!(refusal, BatchRefusal::ApproverIsUploader);

    let allowed = Approve { uploader_may_approve: true, ..own };
    let outcome = ready().approve(&allowed, &manifest(AccountStanding::Known), start());
    assert_eq!(outcome, Ok(Command::Executed));
}

#[test]
fn new_and_changed_accounts_have_to_be_named() {
    for standing in [AccountStanding::New, AccountStanding::Changed] {
        let other = Approve { accounts: ["fingerprint-2".to_owned()].into(), ..approval() };
        let needed =
            Acknowledgement::Account { source_id: "CORP-1".to_owned(), fingerprint: "fingerprint-1".to_owned() };
        let refusal = refused(&mut ready(), &other, &manifest(standing));
        assert_eq!(refusal, BatchRefusal::NotAcknowledged(vec![needed]), "{standing:?}");

        let named = Approve { accounts: ["fingerprint-1".to_owned()].into(), ..approval() };
        assert_eq!(ready().approve(&named, &manifest(standing), start()), Ok(Command::Executed), "{standing:?}");
    }
}

#[test]
fn overlapping_batches_have_to_be_named_each() {
    let overlaps = [id(2), id(3)].map(|batch_id| Overlap { batch_id, rows: 1 }).to_vec();
    let manifest = Manifest { overlaps, ..manifest(AccountStanding::Known) };
    let one = Approve { overlaps: [id(2)].into(), ..approval() };
    let needed = Acknowledgement::Overlap { batch_id: id(3), rows: 1 };
    assert_eq!(refused(&mut ready(), &one, &manifest), BatchRefusal::NotAcknowledged(vec![needed]));

    let both = Approve { overlaps: [id(2), id(3)].into(), ..approval() };
    assert_eq!(ready().approve(&both, &manifest, start()), Ok(Command::Executed));
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
    assert_eq!(ready().approve(&approval(), &with_total(LARGEST_ENTRY), start()), Ok(Command::Executed));
}
