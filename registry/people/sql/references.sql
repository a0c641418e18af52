CALL lib_refer('people_document', 'person_id', 'people_person');
CALL lib_refer('people_phone', 'person_id', 'people_person');
CALL lib_refer('people_bankaccount', 'person_id', 'people_person');
