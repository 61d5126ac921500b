#include "terrazzo/base/budget.hpp"

#include <algorithm>
#include <utility>

namespace terrazzo {
namespace {

constexpr std::size_t steps = 16;
constexpr double worthwhile = 1.25;  // so much more has to be gained than is lost

}  // namespace

Budget::Seat Budget::add(Tenant tenant) {
  std::vector<std::shared_ptr<void>> gone;
  const std::lock_guard lock{mutex_};
  const auto account = accounts_.insert(accounts_.end(), Account{std::move(tenant)});
  share_out(gone);
  return {nullptr, [self = shared_from_this(), account](void*) {
            const std::lock_guard leaving{self->mutex_};
            self->accounts_.erase(account);
          }};
}

void Budget::share_out(std::vector<std::shared_ptr<void>>& gone) {
  double weights = 0;
  for (const Account& account : accounts_) weights += account.tenant.weight;
  for (Account& account : accounts_) {
    account.bytes = static_cast<std::size_t>(static_cast<double>(max_bytes_) *
                                             account.tenant.weight / weights);
    gone.push_back(account.tenant.resize(account.bytes, max_bytes_ / steps));
    account.before = account.tenant.figures();
  }
}

void Budget::note() {
  if (++notes_ % period == 0) balance();
}

// What every cache would have gained and lost since the last time.
void Budget::review() {
  for (Account& account : accounts_) {
    const CacheFigures now = account.tenant.figures();
    const double misses = static_cast<double>(std::max<std::uint64_t>(now.misses, 1));
    const double cost = account.tenant.make_seconds > 0 ? account.tenant.make_seconds
                                                        : now.make_seconds / misses;
    const auto since = [&](std::uint64_t CacheFigures::* count) {
      return static_cast<double>(now.*count - account.before.*count) * cost;
    };
    account.gain = since(&CacheFigures::near_misses) / CacheFigures::near_margins;
    account.loss = since(&CacheFigures::late_hits);
    account.before = now;
  }
}

void Budget::balance() {
  std::vector<std::shared_ptr<void>> gone;
  const std::unique_lock lock{mutex_, std::try_to_lock};
  if (!lock || accounts_.size() < 2) return;
  review();
  const std::size_t step = max_bytes_ / steps;
  const auto to = std::ranges::max_element(accounts_, {}, &Account::gain);
  auto from = accounts_.end();
  for (auto at = accounts_.begin(); at != accounts_.end(); ++at) {
    const bool can_give = at != to && at->bytes >= step + step / 4;
    if (can_give && (from == accounts_.end() || at->loss < from->loss)) from = at;
  }
  if (from == accounts_.end() || to->gain <= worthwhile * from->loss) return;
  // First the one that gives, so that the sum is never too large.
  from->bytes -= step;
  gone.push_back(from->tenant.resize(from->bytes, step));
  to->bytes += step;
  gone.push_back(to->tenant.resize(to->bytes, step));
}

std::vector<Budget::Share> Budget::shares() const {
  const std::lock_guard lock{mutex_};
  std::vector<Share> shares;
  for (const Account& account : accounts_)
    shares.push_back({account.tenant.name, account.tenant.figures()});
  return shares;
}

}  // namespace terrazzo
