/* empty.c - what starting and ending a static program costs; the floor of every time, and of the count of system calls. */
int main(void) {
    return 0;
}
