#include "data/batch_feed.hpp"

#include "data/memory_feed.hpp"
#include "data/reading_feed.hpp"
#include "dha/error.hpp"

namespace dha {

std::unique_ptr<BatchFeed> make_feed(const ImageSet& set, const FeedOptions& options) {
  if (set.empty()) throw Error(ErrorCode::kInternal, "a feed was requested for a set without images");
  const int64_t whole = set.size() / options.batch_size;
  const bool has_rest = set.size() % options.batch_size != 0;
  const int64_t steps = whole + (has_rest && (whole == 0 || !options.drop_incomplete) ? 1 : 0);
  if (set.source().in_memory()) return std::make_unique<MemoryFeed>(set, options, steps);
  return std::make_unique<ReadingFeed>(set, options, steps);
}

}  // namespace dha
