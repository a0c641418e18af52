-- The watched tables of this app. A password's hash is salted already; what is sealed carries its own random nonce.
SELECT audit_watch('accounts_holder', 'holder_v1', '{id,person_index,sealed}');
SELECT audit_watch('accounts_user', 'user_v1',
    '{id,username,display_name,#password,holder_id,is_active,is_staff,is_superuser}');
-- An auditor proves accounts without being able to read what opens them.
ALTER FUNCTION canon_user_v1_rows() SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp;
SELECT audit_watch('accounts_membership', 'membership_v1',
    '{id,user_id,role,institution_id,region_id,valid_from,valid_to,granted_by_id,agreed_by_id}');
SELECT audit_watch('institutions_institution', 'institution_v1',
    '{id,name,credit_code,kind,region_id,address,licence_no,active}');
SELECT audit_watch('institutions_alias', 'institution_alias_v1', '{id,name,institution_id}');
SELECT audit_watch('institutions_filing', 'filing_v1',
    '{id,institution_id,purpose,occupation_id,level_id,valid_from,valid_to,document_no}');
SELECT audit_watch('people_bankaccount', 'bankaccount_v1', '{id,person_id,bank_name,sealed}');
SELECT audit_watch('people_matchcase', 'matchcase_v1',
    '{id,first_id,second_id,reason,state,batch_id,decided_by_id,decided_at}');
SELECT audit_watch('people_merge', 'merge_v1',
    '{id,survivor_id,absorbed_id,moved,merged_by_id,merged_at,undone_by_id,undone_at}');
SELECT audit_watch('review_stage', 'stage_v1', '{id,kind,position,name,action,valid_from,valid_to}');
SELECT audit_watch('exports_readingreason', 'readingreason_v1',
    '{id,code,label,for_reveal,for_export,place,valid_from,valid_to}');
SELECT audit_watch('exports_readinglimit', 'readinglimit_v1', '{id,code,value,valid_from,valid_to,document_no}');
SELECT audit_watch('rights_term', 'term_v1', '{id,code,days,unit,valid_from,valid_to,document_no,confirmed}');
SELECT audit_watch('rights_correction', 'correction_v1',
    '{id,person_id,fact,record,state,region_code,institution_id,asked_by_id,asked_at,due_on,answered_by_id,answered_at}');
SELECT audit_watch('rights_retentionrule', 'retentionrule_v1',
    '{id,code,months,counted_from,outcome,valid_from,valid_to,document_no,confirmed}');
SELECT audit_watch('rights_hold', 'hold_v1', '{id,person_id,reason,placed_by_id,placed_at,lifted_by_id,lifted_at}');
SELECT audit_watch('rights_erasure', 'erasure_v1',
    '{id,person_id,basis,state,region_code,kept_until,asked_by_id,asked_at,due_on,review_case,answered_at,action_id}');
SELECT audit_watch('rights_consenttext', 'consenttext_v1',
    '{id,purpose,version,title,body,consequence,valid_from,valid_to}');
SELECT audit_watch('rights_consent', 'consent_v1',
    '{id,person_id,text_id,how,reference,given_on,recorded_by_id,recorded_at,withdrawn_at}');
SELECT audit_watch('apikeys_apikey', 'apikey_v1',
    '{id,kid,digest,institution_id,account_id,purpose,slot,scopes,networks,valid_from,valid_to,issued_by_id,revoked_at,revoked_by_id}');
