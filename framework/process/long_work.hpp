// Work that may take long without a line of output, such as checking a folder of images: whoever does it says so, and
// whoever has a console shows it.
//
//   LongWork work("checking images", 50000);
//   for (…) work.advance();                    // may be called by several threads
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace dha {

// How far work has got.
struct LongWorkState {
  std::string name;
  int64_t done = 0, total = 0;  // total is 0 while it is unknown
  double seconds = 0;           // since this work began
  double outer_seconds = 0;     // since the work began that it is a part of; else the same
};

// Work that is under way during the object's lifetime. Work that begins within other work is a part of it and ends
// before it. The names are those that a person reads: "checking images".
class LongWork {
 public:
  explicit LongWork(std::string name, int64_t total = 0);
  ~LongWork();
  LongWork(const LongWork&) = delete;
  LongWork& operator=(const LongWork&) = delete;

  // [any thread]
  void advance(int64_t count = 1);

  // Replaces name, done and total; a new name begins anew. [any thread]
  void set(std::string_view name, int64_t done, int64_t total);

 private:
  friend class LongWorkWatch;

  LongWorkState state_;
  double begun_;  // steady_seconds()
};

// Watches work while it is under way. One object at a time.
class LongWorkWatch {
 public:
  // `show` receives the innermost work five times per second, from a thread of the watch, and null when all of it has
  // ended, from the thread that did it. It must begin no work.
  using Show = std::function<void(const LongWorkState* state)>;
  explicit LongWorkWatch(Show show);
  ~LongWorkWatch();
  LongWorkWatch(const LongWorkWatch&) = delete;
  LongWorkWatch& operator=(const LongWorkWatch&) = delete;

 private:
  void watch(const std::stop_token& stop);
  static LongWorkState innermost();

  Show show_;
  std::jthread thread_;
};

}  // namespace dha
