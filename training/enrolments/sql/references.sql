CALL lib_refer('enrolments_enrolment', 'person_id', 'people_person');
CALL lib_refer('enrolments_enrolment', 'klass_id', 'classes_trainingclass', shared => true);
CALL lib_refer('claims_payment', 'enrolment_id', 'enrolments_enrolment');
