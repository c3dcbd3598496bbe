// What starting a program that links LibTorch costs by itself; bench/startup.py compares dha with it.
int main() { return 0; }
