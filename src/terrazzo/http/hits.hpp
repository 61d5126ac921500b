#pragma once
// Pictures that were answered before, found by the text of a request without reading it:
// what a thread that serves connections can answer itself.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "terrazzo/base/budget.hpp"
#include "terrazzo/base/cache.hpp"
#include "terrazzo/http/message.hpp"
#include "terrazzo/http/metrics.hpp"
#include "terrazzo/maps/picture.hpp"

namespace terrazzo::http {

// Safe from any thread.
class Hits {
 public:
  // What is remembered of requests is a share of the budget; the pictures are in their
  // own cache.
  explicit Hits(Budget& budget);

  // How a request for this picture was answered. The heads are those of head_lines(),
  // without Content-Length.
  struct Known {
    std::shared_ptr<const maps::KeptPicture> picture;
    std::string etag;
    std::string found;         // head of 200
    std::string not_modified;  // head of 304
    Metrics::Row counts_found;
    Metrics::Row counts_not_modified;
  };

  // target as it came; origin: the header of that name.
  void remember(const Request& request, Known known);

  // Nothing: it was not answered before, the picture may be another by now or is not
  // kept, or the request asks for more than that. Never waits.
  std::optional<ReadyAnswer> find(const RequestView& request);

 private:
  Cache<std::string, Known> known_;
  Budget::Seat seat_;
};

}  // namespace terrazzo::http
