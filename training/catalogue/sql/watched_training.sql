-- Rates, limits, targets and classes: every change of them leaves a manifest (registry/audit/sql/watched.sql).
SELECT audit_watch('catalogue_project', 'project_v1',
    '{id,code,version,name,kind,fund,unit,region_id,valid_from,valid_to,document_no}');
SELECT audit_watch('catalogue_agelimit', 'agelimit_v1',
    '{id,region_id,sex,minimum,maximum,valid_from,valid_to,document_no}');
SELECT audit_watch('catalogue_threshold', 'threshold_v1', '{id,code,value,valid_from,valid_to,document_no}');
SELECT audit_watch('classes_trainingclass', 'class_v1',
    '{id,institution_id,number,name,project_id,occupation_id,occupation_text,level_id,training_type,funding,region_id,starts_on,ends_on,hours,capacity,place,state,batch_id,row_no}');
SELECT audit_watch('classes_session', 'session_v1', '{id,klass_id,on,starts,ends,place,topic}');
SELECT audit_watch('targets_target', 'target_v1',
    '{id,indicator_id,part,item,period,period_from,period_to,printed,bound,value,value_max,unit,kind,nature}');
SELECT audit_watch('targets_allocation', 'allocation_v1', '{id,indicator_id,region_id,year,value,document_no}');
