package kotlin;

/** The one class of Kotlin's library that JavaRosa needs; it is not among Debian's. */
public record Pair<A, B>(A first, B second) {
    public A getFirst() {
        return first;
    }

    public B getSecond() {
        return second;
    }
}
