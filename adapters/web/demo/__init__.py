"""The page of `freagra demo`: a patient's phone, the hospital's appointment book and the transcripts, side by side."""
