// Checks of searchers that sample a path per weight step, for the test programs of each.
#pragma once

#include <boost/test/unit_test.hpp>

#include "dha/searcher.hpp"

namespace dha::test {

// GatePurpose::kSearch returns the path that the next weight step draws, and changes neither that nor the last one.
// search.active(purpose) returns the Decisions of the searcher's gates.
template <class Search>
void check_next_path_is_foretold(Search& search) {
  search.active(GatePurpose::kWeightStep);
  for (int i = 0; i < 5; ++i) {
    const Decisions before = search.active(GatePurpose::kProbe), next = search.active(GatePurpose::kSearch);
    BOOST_TEST((search.active(GatePurpose::kProbe) == before));
    BOOST_TEST((search.active(GatePurpose::kWeightStep) == next));
  }
}

}  // namespace dha::test
