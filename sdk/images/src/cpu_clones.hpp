// DHA_CPU_CLONES before a function compiles it for several generations of CPU; the fastest that runs is taken.
//
// The results are the same bits on all of them, because contraction is off and vectorised IEEE operations round like
// scalar ones. The functions that are called inside must be inlined to profit; DHA_INLINE_LAMBDA after a lambda's
// parameters sees to that.
#pragma once

// Resolvers run before the sanitizers are ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define DHA_CPU_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DHA_CPU_CLONES
#endif

#define DHA_INLINE_LAMBDA __attribute__((always_inline))
