#include <cmath>
#include <random>

#include "dha/error.hpp"
#include "image_folder/fnv_hash.hpp"
#include "image_folder/image_index.hpp"

namespace dha::datasets {

namespace {

// Draws `count` of `members`, in ascending order. Written out, because the standard library does not fix how
// std::shuffle draws; the bias of the remainder is below 2^-40.
std::vector<bool> draw(size_t members, size_t count, uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::vector<size_t> order(members);
  for (size_t i = 0; i < members; ++i) order[i] = i;
  std::vector<bool> drawn(members, false);
  for (size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + generator() % (members - i)]);
    drawn[order[i]] = true;
  }
  return drawn;
}

// Rounded up, which gives the published counts of SPORT8. A product that is whole but for rounding stays.
size_t share(double fraction, size_t members) {
  return static_cast<size_t>(std::ceil(fraction * static_cast<double>(members) - 1e-9));
}

// One image is taken at least, so that no fraction above zero suits a class of one.
[[noreturn]] void refuse_to_take(const std::string& name, size_t members, size_t count, const std::string& split) {
  const std::string parameter = "'" + split + "_fraction'";
  throw Error(ErrorCode::kData, "class '" + name + "' has " + std::to_string(members) +
                                    (members == 1 ? " image" : " images") + " left to train, too few to take " +
                                    std::to_string(count) + " for " + split + " and keep one; add images of it or " +
                                    (members > 1 ? "lower " : "remove ") + parameter);
}

}  // namespace

void take_fraction(ImageIndex& index, Split to, double fraction, uint64_t seed) {
  if (fraction <= 0) return;
  const char* split_name = to == Split::kTest ? "test" : "validation";
  std::vector<std::vector<ImageEntry>> by_class(index.class_names.size());
  for (ImageEntry& entry : index[Split::kTrain]) by_class[static_cast<size_t>(entry.label)].push_back(std::move(entry));
  index[Split::kTrain].clear();
  for (size_t label = 0; label < by_class.size(); ++label) {
    std::vector<ImageEntry>& members = by_class[label];
    const size_t count = share(fraction, members.size());
    if (count >= members.size()) refuse_to_take(index.class_names[label], members.size(), count, split_name);
    // By the class's name, so that adding a class leaves the others' splits alone.
    const uint64_t class_seed = seed ^ fnv_hash(split_name + index.class_names[label]);
    const std::vector<bool> taken = draw(members.size(), count, class_seed);
    for (size_t i = 0; i < members.size(); ++i) index[taken[i] ? to : Split::kTrain].push_back(std::move(members[i]));
  }
}

}  // namespace dha::datasets
