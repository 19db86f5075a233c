module spark360.example/receiver

go 1.22
