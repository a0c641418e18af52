CALL lib_refer('issuance_certificate', 'person_id', 'people_person');
