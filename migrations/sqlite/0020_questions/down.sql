DROP TABLE question_answers;
DROP TABLE questions;
